import fs from "node:fs";
import path from "node:path";
import { layout } from "../../datasets/dataset-layout.js";
import { jsonLineRows } from "../../datasets/json-lines.js";
import { openDataset } from "../../datasets/open-dataset.js";
import { emptyReadReport } from "../../datasets/read-report.js";
import { datasetSources } from "../../datasets/registry.js";
import type { EncoderSpec } from "../../encoders/encoder.js";
import type { RetrievalData } from "../../evaluation/evaluate-retrieval.js";
import { datasetVocabulary } from "../../experiment/dataset-vocabulary.js";
import { type LoadedExperiment, loadExperiment } from "../../experiment/load-experiment.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { encoderSpec } from "../../experiment/specs.js";
import { textColumnsOf } from "../../experiment/text-columns.js";
import { UserError } from "../../files/user-error.js";
import { encoderPreparation } from "../../retrieval/retrievers/run-retriever.js";
import type { FitData } from "./fit-data.js";
import { isTowers, type ModelSource, readingConfig, type SideColumns } from "./reading-config.js";

/** A data set and what is read of it. */
export interface DatasetRequest {
  /** name of a folder in data/, or the path of a data-set folder */
  dataset: string;
  /** text column of queries (default "query_search_phrase"); null: none is read */
  query?: string | null;
  /** text column of documents (default "document_name"); null: none is read */
  document?: string | null;
  /** picture columns; default: "document_picture" for picture encoders, where there is one */
  queryPicture?: string;
  documentPicture?: string;
  /** category column of documents; default: "document_category_id" for models that read one */
  category?: string;
  /** kind of encoder that {@link DatasetData.modelOptions} are for (default "TwoTower") */
  model?: string;
  /** section text_vectorizer of a configuration (default: words of the data set's dictionary) */
  vectorizer?: Record<string, unknown>;
}

/** What {@link fit} and its evaluation callback need of a data set. */
export interface DatasetData {
  trainData: Extract<FitData, { kind: "pairs" }>;
  /** the validation part, null if there is none */
  evalData: Extract<FitData, { kind: "pairs" }> | null;
  /** an encoder that fits the vocabulary, with the defaults of configurations */
  modelOptions: Omit<EncoderSpec, "kind">;
  /** evaluation sets by name, for {@link evaluationCallback}; pass excludeSelf: false */
  evaluation: Record<string, { queryData: RetrievalData; indexData: RetrievalData; excludeSelf: false }>;
  /** what a run folder is evaluated on */
  source: DatasetSource;
}

/** A data set as experiments read it. */
export interface DatasetSource extends Pick<LoadedExperiment, "dataset" | "sets" | "features"> {
  textColumns: readonly string[];
  /** how the data are read, with an encoder that fits them */
  config: ExperimentConfig;
  /** what is done to a query's text before it is encoded; absent: cleaning */
  prepare: (text: string) => string;
}

/**
 * Reads a data set for {@link fit}: `fit({ model: "TwoTower", trainData: "emoji", loss: "batch_softmax" })` does it by
 * itself; call it to evaluate on the data set's queries too.
 *
 * @throws RangeError for a folder that is not there, naming those that are, and whatever reading it refuses
 */
export async function datasetData(request: string | DatasetRequest): Promise<DatasetData> {
  const wanted = typeof request === "string" ? { dataset: request } : request;
  const config = await datasetConfig(wanted, { kind: wanted.model ?? "TwoTower" }, {});
  return loadDataset(config);
}

/** {@link datasetData} by a configuration that reads it. */
export async function loadDataset(
  config: ExperimentConfig,
  options: { stream?: boolean } = {},
): Promise<DatasetData> {
  const loaded = await loadExperiment(config, {}, options);
  const { stream, textLength, words } = loaded;
  const { kind: _kind, ...modelOptions } = encoderSpec(config);
  return {
    trainData: {
      ...{ kind: "pairs", pairs: loaded.pairs },
      ...(stream && { stream: { pairs: stream, textLength, words } }),
    },
    evalData: loaded.validation && { kind: "pairs", pairs: loaded.validation },
    modelOptions,
    source: {
      dataset: loaded.dataset,
      sets: loaded.sets,
      features: loaded.features,
      textColumns: textColumnsOf(config).textColumns,
      config,
      ...encoderPreparation(config),
    },
    evaluation: Object.fromEntries(
      loaded.sets.map(({ name, pool, queries }) => [
        name,
        {
          queryData: {
            items: loaded.features.queryFeatures.encode(queries.map(({ fields }) => fields)),
            ids: queries.map(({ id }) => id),
            relevant: queries.map(({ relevant }) => [...relevant].map((row) => pool.ids[row]!)),
          },
          indexData: { items: loaded.features.documentFeatures.encode(pool.items), ids: pool.ids },
          excludeSelf: false as const,
        },
      ]),
    ),
  };
}

/** Folder of a data set by name or path, null if there is none. */
export function findDataset(name: string): string | null {
  return (
    [path.join("data", name), name].find((dir) => fs.existsSync(path.join(dir, layout.training))) ?? null
  );
}

/** @throws UserError for a name that is neither, listing those that are there and those that can be had */
export function datasetFolder(name: string): string {
  const found = findDataset(name);
  if (found !== null) return found;
  const there = fs.existsSync("data")
    ? fs.readdirSync("data").filter((dir) => fs.existsSync(path.join("data", dir, "manifest.json")))
    : [];
  const source = Object.hasOwn(datasetSources, name) ? datasetSources[name] : undefined;
  const hint =
    source !== undefined
      ? `; it can be made: qdrl data ${source.kind === "packages" ? "build" : "import"} ${name}`
      : `; can be made: ${Object.keys(datasetSources).join(", ")}`;
  throw new UserError(
    `datasetData: data set must be a folder or in data/ (${there.join(", ") || "nothing there"}), got "${name}"${hint}`,
  );
}

/** How a model reads a data set. */
export async function datasetConfig(
  request: DatasetRequest,
  model: ModelSource,
  modelOptions: Readonly<Record<string, unknown>>,
): Promise<ExperimentConfig> {
  const dir = datasetFolder(request.dataset);
  const { vectorizer } = request;
  const sides = columnsFor(request, model, dir);
  return readingConfig({
    ...{ model, modelOptions, ...sides, datasetDir: dir, cleaning: null },
    shared: sides.query.text === null && sides.document.text === null,
    parts: {
      vectorizer: () =>
        vectorizer ?? {
          type: "dictionary",
          dictionary_path: layout.tokenDictionary,
          word_unigrams_limit: 10,
          num_oov_tokens: 2000,
        },
      categories: () => layout.categoryDictionary,
      vocabulary: async () => {
        const outDir = path.join("data", ".fit", `pieces-${path.basename(dir)}`);
        const columns = [sides.query.text, sides.document.text].filter(
          (name): name is string => name !== null,
        );
        await datasetVocabulary(dir, { size: 8000, columns, outDir });
        return outDir;
      },
    },
  });
}

/** What a model reads of a data set where the request leaves it open. */
function columnsFor(
  request: DatasetRequest,
  model: ModelSource,
  dir: string,
): { query: SideColumns; document: SideColumns } {
  const { query = "query_search_phrase", queryPicture = null } = request;
  const towers = isTowers(model);
  const readsPictures = towers && !("kind" in model && model.kind === "Towers");
  const known = towers ? documentFields(dir) : [];
  const picture =
    request.documentPicture ??
    (readsPictures && known.includes("document_picture") ? "document_picture" : null);
  const { document = picture === null ? "document_name" : null } = request;
  if (readsPictures && picture === null && queryPicture === null)
    throw new UserError(
      `fit: ${dir} must have pictures for this model, name their column as documentPicture or queryPicture; got documents with ${known.join(", ")}`,
    );
  const readsCategory =
    ("kind" in model && model.kind === "MultiModalTwoTower") ||
    ("kind" in model && model.kind === "Towers" && fs.existsSync(path.join(dir, layout.categoryDictionary)));
  const category = request.category ?? (readsCategory ? categoryColumn(dir) : undefined);
  return {
    query: { text: query, picture: queryPicture, categories: [] },
    document: { text: document, picture, categories: category === undefined ? [] : [category] },
  };
}

function categoryColumn(dir: string): string {
  return documentFields(dir).includes("document_category_id") ? "document_category_id" : "document_category";
}

/** Fields of the first document of a data set. */
function documentFields(dir: string): string[] {
  const [set] = openDataset(dir).evaluationSets;
  if (!set) return [];
  const rows = jsonLineRows(path.join(dir, set.itemsPath), emptyReadReport(), { maxRows: 1 }, (row) => row);
  for (const row of rows) return Object.keys(row);
  return [];
}
