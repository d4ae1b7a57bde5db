import type { OwnTexts } from "../datasets/init/own-texts.js";
import { bm25, evaluation, fusion, type ReadyData, subwords, yaml } from "./ready-parts.js";
import { starterSettings } from "./starter-settings.js";

/** Where `qdrl model import all-MiniLM-L6-v2` puts it, and its width. */
const TEACHER = { model: "data/models/all-MiniLM-L6-v2", dim: 384 };
const NGRAMS = { type: "ngrams", min_length: 3, max_length: 4 };
/** Queries that an encoder sees in all, made of documents' own texts. */
const QUERIES_SEEN = 100_000;
/** Sentences and spans of a document, about. */
const QUERIES_OF_PROSE = 8;

/**
 * Configurations of a search without any label: `encoder.yaml`, whose queries are documents' own titles, sentences and spans;
 * `label-free.yaml`, whose queries are taught to go where a transformer puts the same text (configs/recipes/label-free.yaml); and
 * the fusion of each with BM25, half and half. No transformer is needed for the first, and none at query time for either.
 */
export function labelFreeConfigs(data: ReadyData, own: OwnTexts, folder: string): Record<string, string> {
  const unchecked = "half and half, unchecked: there are no searches to choose the weight on.";
  return {
    "encoder.yaml": yaml(
      "Search without labels: documents are found by their own titles, sentences and spans of words, misspelled ones taught to score as clean ones do.",
      { ...ownQueries(data, own), ...starterSettings() },
    ),
    "both.yaml": yaml(
      `Encoder and BM25 as one system, ${unchecked}`,
      fusion(data, folder, { runId: "both", encoder: "encoder", name: "encoder + BM25" }),
    ),
    "label-free.yaml": yaml(
      "Search without labels: documents embedded once by MiniLM, queries a bag of words and n-grams that is taught to go where MiniLM puts the same text.\nNeeds: npm run qdrl -- model import all-MiniLM-L6-v2. The first call embeds documents and their sentences and keeps them.",
      { ...ownQueries(data, own), ...distilled(data) },
    ),
    "bm25-ngrams.yaml": yaml(
      "BM25 on words and the 3- and 4-grams of each bounded word: untrained, it finds misspelled words.",
      { ...bm25(data), run_id: "bm25-ngrams", name: "BM25, 3–4-grams", analysis: NGRAMS },
    ),
    "label-free-bm25.yaml": yaml(
      "Half the encoder in MiniLM's space, a quarter each BM25 on words and on n-grams, unchecked: there are no searches to choose the shares on.",
      {
        ...fusion(data, folder, {
          runId: "label-free-bm25",
          encoder: "label-free",
          name: "in MiniLM's space + BM25",
        }),
        runs: ["label-free", "bm25-ngrams", "bm25"].map((run) => `${folder}/${run}.yaml`),
        weights: [0.5, 0.25, 0.25],
      },
    ),
  };
}

/** Queries made of documents, and how often they are seen. */
function ownQueries(data: ReadyData, { title, prose }: OwnTexts) {
  const pairs = data.documents * ((title === null ? 0 : 1) + (prose === null ? 0 : QUERIES_OF_PROSE));
  const epochs = Math.min(30, Math.max(2, Math.round(QUERIES_SEEN / pairs)));
  return {
    task_id: data.name,
    run_id: "encoder",
    name: "own texts as queries",
    seed: 1,
    num_epochs: epochs,
    dataset_dir: data.datasetDir,
    batch_size: [256, 128, 64, 32, 16, 8, 4].find((size) => size * 8 <= pairs) ?? 2,
    learning_rate: 0.01,
    dataset: {
      query_features: [{ name: "query_search_phrase", type: "text" }],
      document_features: [{ name: "document_all", type: "text", from: data.textColumns }],
      labelled_pairs: 0,
      ...(title !== null && { document_pairs: title }),
      ...(prose !== null && {
        sentence_pairs: { column: prose, min_words: 4 },
        span_pairs: { column: prose, count: 2 },
      }),
    },
    recall_validation: { ...evaluation(data), every_epochs: epochs },
  };
}

function distilled(data: ReadyData) {
  const { model, dim } = TEACHER;
  const own = ownQueries(data, data.ownTexts!);
  return {
    run_id: "label-free",
    name: "bag of n-grams in MiniLM's space",
    num_epochs: 2 * own.num_epochs,
    learning_rate: 0.005,
    schedule: { type: "linear" },
    dataset: {
      ...own.dataset,
      document_features: [
        { name: "document_vector", type: "pretrained", from: data.textColumns, model, dim },
      ],
    },
    loss: { type: "batch_softmax", temperature: 0.05 },
    distillation: { teacher: model, embeddings: 1, ranking: 0 },
    optimizer: { type: "lazy_adam" },
    typos: { augment: 0.5, probability: 0.5 },
    text_vectorizer: { ...subwords, min_length: 3 },
    model: {
      type: "QueryBag",
      text_embedding: { num_embeddings: "auto", embedding_dim: dim, initial_std: 0.005 },
      output_dim: dim,
      query: { text_feature: "query_search_phrase" },
      document: { text_feature: "document_name", vector_feature: "document_vector" },
    },
    recall_validation: { ...evaluation(data), every_epochs: 2 * own.num_epochs },
  };
}
