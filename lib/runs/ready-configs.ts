import { Document, isMap, isScalar, visit } from "yaml";

/** What ready configurations have to know of a data set. */
export interface ReadyData {
  /** Becomes the configurations' task_id. */
  name: string;
  datasetDir: string;
  /** Document columns that are searched as text. */
  textColumns: readonly string[];
  documents: number;
  trainingRows: number;
  /** Whether a document's title is one more training query of it. */
  titlesAsQueries: boolean;
  /** Evaluation sets that results are of. */
  sets: readonly string[];
  hasValidationSet: boolean;
}

/** Pairs that an encoder sees in all: as many as the robust recipe's six epochs over MSRD's 45,000. */
const PAIRS_SEEN = 270_000;

/**
 * Configurations for a data set of one's own, by file name: `bm25.yaml`, and where there are pairs to train on `encoder.yaml`
 * (words and 2–4-grams in one bag, no layer above it, the recipe of configs/recipes/robust.yaml in small) and `both.yaml`.
 *
 * Small data get small batches and many epochs; cut-offs stay below the number of documents.
 */
export function readyConfigs(data: ReadyData, folder: string): Record<string, string> {
  const bm25 = yaml("BM25 on the words of all text columns: what an encoder has to beat.", {
    system: "bm25",
    task_id: data.name,
    run_id: "bm25",
    name: "BM25",
    dataset_dir: data.datasetDir,
    query_text: "query_search_phrase",
    document_text: data.textColumns,
    recall_validation: evaluation(data),
  });
  if (data.trainingRows === 0) return { "bm25.yaml": bm25 };
  return {
    "bm25.yaml": bm25,
    "encoder.yaml": yaml(
      "Words and the 2- to 4-grams of each bounded word in one bag, no layer above it; misspelled queries are taught to\n score as clean ones do. configs/recipes/robust.yaml in small.",
      encoder(data),
    ),
    "both.yaml": yaml(
      data.hasValidationSet
        ? "Encoder and BM25 as one system; the weight is chosen on the validation queries, as they are and misspelled."
        : "Encoder and BM25 as one system, half and half, unchecked: there are no validation queries to choose the weight on.",
      both(data, folder),
    ),
  };
}

function encoder(data: ReadyData) {
  const batch = [256, 128, 64, 32, 16, 8, 4].find((size) => size * 8 <= data.trainingRows) ?? 2;
  const epochs = Math.min(30, Math.max(3, Math.round(PAIRS_SEEN / data.trainingRows)));
  return {
    task_id: data.name,
    run_id: "encoder",
    name: "words and n-grams",
    seed: 1,
    num_epochs: epochs,
    dataset_dir: data.datasetDir,
    batch_size: Math.min(batch, data.trainingRows),
    learning_rate: 0.01,
    dataset: {
      query_features: [{ name: "query_search_phrase", type: "text" }],
      document_features: [{ name: "document_all", type: "text", from: data.textColumns }],
      document_pairs: data.titlesAsQueries ? "document_name" : null,
    },
    loss: { type: "batch_softmax", temperature: 0.1 },
    negatives: { type: "batch", mask: "known_positives" },
    typos: { augment: 0, self_teaching: 1, probability: 0.75 },
    text_vectorizer: {
      type: "subword",
      dictionary_path: "token_dictionary",
      num_oov_tokens: 1024,
      words_limit: 64,
      min_length: 2,
      max_length: 4,
      ngrams_limit: 640,
      buckets: 32768,
    },
    model: {
      type: "TwoTower",
      text_embedding: { num_embeddings: "auto", embedding_dim: 128 },
      hidden_layers: [],
      last_linear: false,
      output_dim: 128,
      query: { text_feature: "query_search_phrase" },
      document: { text_feature: "document_all" },
    },
    recall_validation: { ...evaluation(data), every_epochs: epochs },
  };
}

function both(data: ReadyData, folder: string) {
  const choice = data.hasValidationSet
    ? { measure: `Recall@${cutoffs(data)[1]}`, validation_typos: [0, 0.5] }
    : { weights: [0.5, 0.5] };
  return {
    system: "fusion",
    task_id: data.name,
    run_id: "both",
    name: "encoder + BM25",
    runs: [`${folder}/encoder.yaml`, `${folder}/bm25.yaml`],
    kind: "z-score",
    ...choice,
    recall_validation: { ...evaluation(data), sets: data.sets },
  };
}

function evaluation(data: ReadyData) {
  const k = cutoffs(data);
  return {
    enabled: true,
    k,
    measures: [`nDCG@${k[1]}`],
    query_typo_probabilities: [0, 0.5],
  };
}

/** Cut-offs that say something of so many documents. */
function cutoffs({ documents }: ReadyData): [number, number, ...number[]] {
  if (documents >= 500) return [1, 10, 100];
  return documents > 20 ? [1, 10] : [1, Math.max(2, Math.min(3, documents - 1))];
}

/** Sections as blocks; lists, and sections that stand in a list, in one line, as configurations here are written. */
function yaml(comment: string, value: object): string {
  const document = new Document(value);
  visit(document, {
    Seq(_, list) {
      for (const item of list.items) if (isMap(item)) item.flow = true;
      if (list.items.every(isScalar)) list.flow = true;
    },
  });
  const lines = comment.split("\n").map((line) => `# ${line.trim()}`);
  return `${lines.join("\n")}\n${document.toString({ lineWidth: 0 })}`;
}
