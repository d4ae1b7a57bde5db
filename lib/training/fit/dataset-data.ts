import fs from "node:fs";
import path from "node:path";
import { datasetSources } from "../../datasets/registry.js";
import { encoders } from "../../encoders/create-encoder.js";
import type { EncoderSpec } from "../../encoders/encoder.js";
import type { RetrievalData } from "../../evaluation/evaluate-retrieval.js";
import { type LoadedExperiment, loadExperiment } from "../../experiment/load-experiment.js";
import { type ExperimentConfig, experimentSchema } from "../../experiment/schema.js";
import { encoderSpec } from "../../experiment/specs.js";
import { textColumnsOf } from "../../experiment/text-columns.js";
import { createVectorizer } from "../../experiment/vectorizers.js";
import { UserError } from "../../files/user-error.js";
import { encoderPreparation } from "../../retrieval/retrievers/run-retriever.js";
import type { FitData } from "./fit-data.js";

/** A data set and what is read of it. */
export interface DatasetRequest {
  /** name of a folder in data/, or the path of a data-set folder */
  dataset: string;
  /** text column of queries (default "query_search_phrase") */
  query?: string;
  /** text column of documents (default "document_name") */
  document?: string;
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
  const config = configOf(wanted, folderOf(wanted.dataset));
  const loaded = await loadExperiment(config, {});
  const { kind: _kind, ...modelOptions } = encoderSpec(config);
  return {
    trainData: { kind: "pairs", pairs: loaded.pairs },
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

function folderOf(name: string): string {
  for (const dir of [path.join("data", name), name])
    if (fs.existsSync(path.join(dir, "training_dataset"))) return dir;
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

function configOf(
  {
    query = "query_search_phrase",
    document = "document_name",
    model = "TwoTower",
    vectorizer,
  }: DatasetRequest,
  dir: string,
): ExperimentConfig {
  const make = (rows: number) =>
    experimentSchema().parse({
      task_id: "fit",
      run_id: "fit",
      num_epochs: 1,
      dataset_dir: dir,
      batch_size: 2,
      learning_rate: 1,
      dataset: {
        query_features: [{ name: query, type: "text" }],
        document_features: [{ name: document, type: "text" }],
      },
      text_vectorizer: vectorizer ?? {
        type: "dictionary",
        dictionary_path: "token_dictionary",
        word_unigrams_limit: 10,
        num_oov_tokens: 2000,
      },
      model: {
        ...(encoders.get(model).settings ? { type: model } : { type: "custom", name: model }),
        text_embedding: { num_embeddings: rows, embedding_dim: 128 },
        output_dim: 128,
        query: { text_feature: query },
        document: { text_feature: document },
      },
      loss: { type: "batch_softmax" },
    });
  return make(createVectorizer(make(1)).rows);
}
