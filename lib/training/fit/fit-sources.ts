import fs from "node:fs";
import path from "node:path";
import { createEncoder } from "../../encoders/create-encoder.js";
import type { Encoder, EncoderSpec } from "../../encoders/encoder.js";
import { parametersOf, setParameters } from "../../encoders/parameters.js";
import { imageNetNormalisation, OnnxPictures } from "../../encoders/pretrained/onnx-pictures.js";
import { type TailorSpec, tailorSection } from "../../encoders/tailor/tailor-spec.js";
import { TailoredEncoder } from "../../encoders/tailor/tailored-encoder.js";
import type { Listener } from "../../engine/progress.js";
import type { Random } from "../../engine/random/random.js";
import { loadStoredConfig } from "../../experiment/load-config.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { negativesSection } from "../../experiment/sections/negatives.js";
import { encoderSpec } from "../../experiment/specs.js";
import { readModel } from "../../files/model-file.js";
import { ownEntry } from "../../files/own-entry.js";
import type { StoredTensor } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import { RunFolder } from "../../tracking/run-folder.js";
import type { CsvDocumentOptions } from "./csv-documents.js";
import {
  type DatasetRequest,
  type DatasetSource,
  datasetConfig,
  findDataset,
  loadDataset,
} from "./dataset-data.js";
import { DOCUMENT_FILES, isDocumentFile, readDocumentFile } from "./document-files.js";
import { configReader, type DocumentReader, readDocuments } from "./document-reader.js";
import type { FitData } from "./fit-data.js";
import { categoryDictionary, wordDictionary, wordPieces } from "./fit-dictionaries.js";
import { arrangeDocuments, type FitDocument, modalityOf } from "./fit-documents.js";
import { type NamedModel, namedModel } from "./fit-model.js";
import type { ResolvedOptions } from "./fit-schema.js";
import { type ModelSource, readingConfig, type SideColumns } from "./reading-config.js";

/** Data and encoder of a fit, ready to train. */
export interface FitSources {
  trainData: FitData;
  evalData: FitData | null;
  encoder: Encoder;
  /** null for an encoder that was made by somebody else */
  spec: EncoderSpec | null;
  /** null where the data are vectorised already, or are read by a function of the user's */
  config: ExperimentConfig | null;
  /** null unless trainData names a data set */
  source: DatasetSource | null;
  /** reads further documents as the encoder does; null where nobody knows how */
  read: DocumentReader | null;
  /** whether the data came as documents */
  documents: boolean;
  /** whether the weights are those of a run that goes on */
  goesOn: boolean;
}

/** Reads the data that the options name and makes the encoder that reads them. */
export async function openSources(
  options: ResolvedOptions,
  random: Random,
  listener: Listener,
): Promise<FitSources> {
  const { trainData, evalData, model } = options;
  if ((options.numWorkers ?? 0) > 0 && (isVectorised(trainData) || requestOf(trainData) === null))
    throw new UserError(
      `fit: numWorkers must be 0 unless trainData names a data set, got ${options.numWorkers}: other data are in memory`,
    );
  if (isVectorised(trainData)) return vectorised(options, trainData, random);
  const named = typeof model === "string" ? await measured(namedModel(model), options) : null;
  const request = requestOf(trainData);
  if (request !== null) return datasetSources(options, request, named, random, listener);
  const documents = await documentsOf(trainData as string | readonly FitDocument[], options);
  if (evalData === "validation")
    throw new UserError("fit: evalData must be data, as trainData names no data set, got validation");
  if (evalData !== undefined && isVectorised(evalData))
    throw new UserError(
      `fit: evalData must be documents or a file like trainData, got ${evalData.kind} data`,
    );
  const held = evalData === undefined ? null : await documentsOf(evalData, options);
  const made = await documentModel(options, documents, named, random, listener);
  const classes = new Map<string | number, number>();
  const { side } = options;
  return {
    ...made,
    trainData: await readDocuments(documents, made.read, { side, classes }),
    evalData: held && (await readDocuments(held, made.read, { side, classes })),
    source: null,
    documents: true,
  };
}

/** An ONNX file with the width of what is read of it. */
async function measured(
  named: NamedModel,
  { layerName, modelOptions }: ResolvedOptions,
): Promise<NamedModel> {
  if (!("onnx" in named)) return named;
  const size = (modelOptions?.["pictureSize"] as number | undefined) ?? named.size;
  const output = layerName ?? null;
  const options = { size, output, ...imageNetNormalisation, layout: "nchw" as const };
  return { ...named, size, output, features: await OnnxPictures.widthOf(named.onnx, options) };
}

function isVectorised(data: unknown): data is FitData {
  return typeof data === "object" && data !== null && !Array.isArray(data) && "kind" in data;
}

/** A data set, if that is what is named. */
function requestOf(trainData: ResolvedOptions["trainData"]): DatasetRequest | null {
  if (typeof trainData === "string")
    return isDocumentFile(trainData) && findDataset(trainData) === null ? null : { dataset: trainData };
  if (Array.isArray(trainData)) return null;
  if ("dataset" in trainData) return trainData;
  throw new UserError(
    `fit: trainData must be a data set, a file (${DOCUMENT_FILES.join(", ")}), documents or vectorised data, got an object with ${Object.keys(trainData).join(", ") || "nothing in it"}`,
  );
}

async function documentsOf(
  data: string | readonly FitDocument[],
  { csvOptions, preprocess }: ResolvedOptions,
): Promise<readonly FitDocument[]> {
  const read =
    typeof data === "string"
      ? await readDocumentFile(data, csvOptions as CsvDocumentOptions | undefined)
      : data;
  if (csvOptions && typeof data !== "string")
    throw new UserError("fit: csvOptions must be given with a file only, got documents");
  if (!preprocess) return read;
  const apply = (document: FitDocument): FitDocument => {
    const { chunks, matches } = document;
    const inner = {
      ...(chunks && { chunks: chunks.map(apply) }),
      ...(matches && { matches: matches.map(apply) }),
    };
    const holds = document.text !== undefined || document.uri !== undefined || document.blob !== undefined;
    return { ...(holds ? preprocess(document) : document), ...inner };
  };
  return read.map(apply);
}

/** Data that are vectorised: whoever did it knows the encoder's features. */
function vectorised(options: ResolvedOptions, trainData: FitData, random: Random): FitSources {
  const { model, modelOptions, evalData } = options;
  if (evalData === "validation")
    throw new UserError("fit: evalData must be data, as trainData names no data set, got validation");
  if (evalData !== undefined && !isVectorised(evalData))
    throw new UserError(
      `fit: evalData must be vectorised like trainData, got ${typeof evalData === "string" ? `"${evalData}"` : "documents"}`,
    );
  for (const option of ["csvOptions", "preprocess", "collate"] as const)
    if (options[option] !== undefined)
      throw new UserError(`fit: ${option} must be left out, as trainData are vectorised`);
  const rest = {
    trainData,
    evalData: evalData ?? null,
    config: null,
    source: null,
    read: null,
    documents: false,
  };
  if (typeof model === "object" && "embedDocuments" in model)
    return { ...rest, encoder: tailored(options, model, random), spec: null, goesOn: false };
  if (typeof model === "object") return { ...rest, ...encoderOf(options, model as EncoderSpec, random) };
  const named = namedModel(model);
  if ("run" in named) {
    const { config, weights } = runOf(named.run);
    const spec = encoderSpec(config);
    return { ...rest, ...encoderOf(options, spec, random, weights) };
  }
  if (!("kind" in named))
    throw new UserError(
      `fit: trainData must be a data set, a file or documents for ${model}, got vectorised ${trainData.kind} data`,
    );
  if (!modelOptions)
    throw new UserError(`fit: modelOptions must be given with a model's name, got "${model}" alone`);
  return {
    ...rest,
    ...encoderOf(
      options,
      { ...(modelOptions as Omit<EncoderSpec, "kind">), kind: model } as EncoderSpec,
      random,
    ),
  };
}

/** What the options ask for beside the model itself; null: nothing. */
function tailorOf(options: ResolvedOptions): TailorSpec | null {
  const { model, layerName: named, freeze = false, outputDim, projectionHead } = options;
  // of an ONNX file the layer is where its features are read, under whatever trains
  const layerName = typeof model === "string" && model.toLowerCase().endsWith(".onnx") ? undefined : named;
  const head =
    outputDim !== undefined
      ? { numLayers: 1, outputDim }
      : projectionHead
        ? { numLayers: 2, outputDim: 128, ...(projectionHead === true ? {} : projectionHead) }
        : null;
  if (layerName === undefined && freeze === false && head === null) return null;
  return { layer: layerName ?? null, freeze, head };
}

/** An encoder that was made by somebody else, frozen and with a head as the options say. */
function tailored(options: ResolvedOptions, encoder: Encoder, random: Random): Encoder {
  const tailor = tailorOf(options);
  if (tailor?.layer != null)
    throw new UserError("fit: layerName must be left out with an encoder that is passed as such, got one");
  return tailor ? new TailoredEncoder(encoder, null, tailor, random.fork("head")) : encoder;
}

/** A spec with what the options ask for on top; weights of layers that are cut off are left out. */
function encoderOf(
  options: ResolvedOptions,
  plain: EncoderSpec,
  random: Random,
  weights: Record<string, StoredTensor> | null = null,
): { encoder: Encoder; spec: EncoderSpec; goesOn: boolean } {
  const spec = withTailor(plain, tailorOf(options));
  const encoder = createEncoder(spec, random.fork("encoder"));
  if (weights) {
    const fresh = parametersOf(encoder);
    const known = Object.entries(fresh).map(([name, tensor]) => {
      const isNewHead = name.startsWith("weights/head.") && !plain.tailor?.head;
      return [name, isNewHead ? tensor : weights[name]] as const;
    });
    setParameters(
      encoder,
      Object.fromEntries(known.filter(([, tensor]) => tensor !== undefined)) as Record<string, StoredTensor>,
    );
  }
  return { encoder, spec, goesOn: weights !== null };
}

function withTailor(spec: EncoderSpec, tailor: TailorSpec | null): EncoderSpec {
  if (!tailor) return spec;
  const { layer = null, head = null } = spec.tailor ?? {};
  if (head && tailor.head)
    throw new UserError(
      "fit: outputDim and projectionHead must be left out, as the run's encoder has a head already",
    );
  return {
    ...spec,
    tailor: { layer: tailor.layer ?? layer, freeze: tailor.freeze, head: tailor.head ?? head },
  };
}

/** The same as a configuration. */
function tailoredConfig(options: ResolvedOptions, config: ExperimentConfig): ExperimentConfig {
  const { tailor } = withTailor(encoderSpec(config), tailorOf(options));
  return tailor ? { ...config, model: { ...config.model, tailor: tailorSection(tailor) } } : config;
}

/** Configuration and weights of a finished run, or of a fit that keeps its encoder's. */
function runOf(dir: string): { config: ExperimentConfig; weights: Record<string, StoredTensor> } {
  const run = new RunFolder(dir);
  const own = path.join(dir, ENCODER_FILE);
  if (!fs.existsSync(run.model))
    throw new UserError(`fit: ${run.model} must exist, got a run that has not finished`);
  const config = loadStoredConfig(fs.existsSync(own) ? own : run.configFile);
  return { config, weights: readModel(run.model) };
}

/** In the run folder of a fit on documents: the configuration that its encoder reads documents by. */
export const ENCODER_FILE = "encoder.yaml";

/** The configuration of a run over other data: dictionaries stay those of the run's own data set. */
function elsewhere(config: ExperimentConfig, datasetDir: string): ExperimentConfig {
  const moved = (named: string) => {
    const inside = path.join(config.dataset_dir, named);
    return fs.existsSync(inside) ? inside : named;
  };
  const withPaths = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(withPaths);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        ["dictionary_path", "vocabulary_path", "path", "keys_path"].includes(key) && typeof inner === "string"
          ? moved(inner)
          : withPaths(inner),
      ]),
    );
  };
  const { dataset, text_vectorizer } = config;
  return {
    ...config,
    dataset: withPaths(dataset) as ExperimentConfig["dataset"],
    text_vectorizer: withPaths(text_vectorizer) as ExperimentConfig["text_vectorizer"],
    dataset_dir: datasetDir,
  };
}

async function datasetSources(
  options: ResolvedOptions,
  request: DatasetRequest,
  named: NamedModel | null,
  random: Random,
  listener: Listener,
): Promise<FitSources> {
  const { model, modelOptions = {}, evalData } = options;
  const run = named && "run" in named ? runOf(named.run) : null;
  const source: ModelSource = named && !("run" in named) ? named : { kind: request.model ?? "TwoTower" };
  const config = run
    ? elsewhere(run.config, (await datasetConfig(request, { kind: "TwoTower" }, {})).dataset_dir)
    : await datasetConfig(request, source, modelOptions);
  const { numWorkers = 0, batchSize, seed, negatives } = options;
  if (numWorkers > 0 && (batchSize === "auto" || (options.valSplit ?? 0) > 0))
    throw new UserError("fit: batchSize auto and valSplit must be left out with numWorkers, got one");
  const streamed = {
    ...{ ...config, seed, batch_size: batchSize as number, drop_last: false, dataloader_workers: numWorkers },
    streaming: { ...config.streaming, mode: "always" as const },
    ...(negatives && { negatives: negativesSection.parse({ type: "batch", ...negatives }) }),
  };
  const read = await loadDataset(numWorkers > 0 ? streamed : config, { stream: numWorkers > 0 });
  if (numWorkers > 0)
    options.tell?.(
      `training pairs: about ${read.trainData.stream!.pairs.rows}, streamed by ${numWorkers} reader ${numWorkers === 1 ? "thread" : "threads"}`,
    );
  if (evalData === "validation" && !read.evalData)
    throw new UserError(`fit: ${request.dataset} must have a validation part for evalData, got none`);
  const documents = await configReader(config, listener);
  const rest = {
    trainData: read.trainData,
    evalData: await datasetEvaluation(options, read.evalData, documents),
    source: read.source,
    documents: false,
    read: documents,
  };
  if (typeof model === "object" && "embedDocuments" in model)
    return { ...rest, encoder: tailored(options, model, random), spec: null, goesOn: false, config: null };
  const spec = typeof model === "object" ? (model as EncoderSpec) : encoderSpec(config);
  return {
    ...rest,
    ...encoderOf(options, spec, random, run?.weights),
    config: typeof model === "string" ? config : null,
  };
}

async function datasetEvaluation(
  options: ResolvedOptions,
  own: FitData | null,
  read: DocumentReader,
): Promise<FitData | null> {
  const { evalData } = options;
  if (evalData === undefined) return null;
  if (evalData === "validation") return own;
  if (isVectorised(evalData)) return evalData;
  return readDocuments(await documentsOf(evalData, options), read);
}

/** The encoder for documents, and how it reads them. */
async function documentModel(
  options: ResolvedOptions,
  documents: readonly FitDocument[],
  named: NamedModel | null,
  random: Random,
  listener: Listener,
): Promise<Pick<FitSources, "encoder" | "spec" | "config" | "goesOn"> & { read: DocumentReader }> {
  const { model, modelOptions = {}, collate } = options;
  const own: DocumentReader | null = collate ? async (batch) => collate(batch) : null;
  if (typeof model === "object") {
    if (!own)
      throw new UserError("fit: collate must be given for documents and a model that is made, got none");
    if ("embedDocuments" in model)
      return {
        encoder: tailored(options, model, random),
        spec: null,
        goesOn: false,
        config: null,
        read: own,
      };
    return { ...encoderOf(options, model as EncoderSpec, random), config: null, read: own };
  }
  const run = named && "run" in named ? runOf(named.run) : null;
  const config = run
    ? elsewhere(run.config, ".")
    : await documentConfig(documents, named as ModelSource, modelOptions);
  if (run && Object.keys(modelOptions).length > 0)
    throw new UserError("fit: modelOptions must be left out with a run folder, whose encoder goes on");
  return {
    ...encoderOf(options, encoderSpec(config), random, run?.weights),
    config: tailoredConfig(options, config),
    read: own ?? (await configReader(config, listener)),
  };
}

/** How a model reads these documents, with dictionaries of their own. */
async function documentConfig(
  documents: readonly FitDocument[],
  model: ModelSource,
  modelOptions: Readonly<Record<string, unknown>>,
): Promise<ExperimentConfig> {
  const arranged = arrangeDocuments(documents);
  const [query, document] =
    arranged.kind === "pairs"
      ? [arranged.queries, arranged.documents]
      : arranged.kind === "scored"
        ? [arranged.left, arranged.right]
        : arranged.kind === "margins"
          ? [arranged.queries, [...arranged.positives, ...arranged.negatives]]
          : [arranged.items, arranged.items];
  const all = query === document ? query : [...query, ...document];
  const texts = () => all.flatMap(({ text }) => (text === undefined ? [] : [text]));
  const wantsCategories = "kind" in model && ["MultiModalTwoTower", "Towers"].includes(model.kind);
  const [left, right] = [columnsOf(query, wantsCategories), columnsOf(document, wantsCategories)];
  const pictures = ({ text }: SideColumns) => text === null;
  const shared = query === document || (pictures(left) && pictures(right));
  return readingConfig({
    ...{ model, modelOptions, query: left, document: right, shared },
    ...{ datasetDir: ".", cleaning: "unicode" },
    parts: {
      vectorizer: () => ({
        type: "dictionary",
        dictionary_path: wordDictionary(texts()),
        word_unigrams_limit: 64,
        num_oov_tokens: 2000,
      }),
      categories: (column) => categoryDictionary(all.map(({ tags }) => String(ownEntry(tags, column) ?? ""))),
      vocabulary: async () => wordPieces(texts(), 8000),
    },
  });
}

/** What a side's documents hold. */
function columnsOf(documents: readonly FitDocument[], wantsCategories: boolean): SideColumns {
  const hasPicture = documents.some(({ uri, blob }) => uri !== undefined || blob !== undefined);
  const hasText = documents.some(
    (one) => one.text !== undefined || (modalityOf(one) === "text" && !hasPicture),
  );
  const tags = new Set(wantsCategories ? documents.flatMap(({ tags: own }) => Object.keys(own ?? {})) : []);
  return {
    text: hasText ? "text" : null,
    picture: hasPicture ? "picture" : null,
    categories: [...tags].filter((name) => !name.startsWith("finetuner_")).sort(),
  };
}
