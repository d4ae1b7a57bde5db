import { Document, isMap, isScalar, visit } from "yaml";
import type { OwnTexts } from "../datasets/init/own-texts.js";

/** What ready configurations have to know of a data set. */
export interface ReadyData {
  /** Becomes the configurations' task_id. */
  name: string;
  datasetDir: string;
  /** Document columns that are searched as text. */
  textColumns: readonly string[];
  documents: number;
  trainingRows: number;
  /** What documents are asked for by where there is nothing to train on; null where there is. */
  ownTexts: OwnTexts | null;
  /** Whether a document's title is one more training query of it. */
  titlesAsQueries: boolean;
  /** Evaluation sets that results are of. */
  sets: readonly string[];
  hasValidationSet: boolean;
}

/** Words and n-grams of each bounded word, as ids. */
export const subwords = {
  type: "subword",
  dictionary_path: "token_dictionary",
  num_oov_tokens: 1024,
  words_limit: 64,
  min_length: 2,
  max_length: 4,
  ngrams_limit: 640,
  buckets: 32768,
};

/** BM25 over all text columns. */
export function bm25(data: ReadyData) {
  return {
    system: "bm25",
    task_id: data.name,
    run_id: "bm25",
    name: "BM25",
    dataset_dir: data.datasetDir,
    query_text: "query_search_phrase",
    document_text: data.textColumns,
    recall_validation: evaluation(data),
  };
}

/** An encoder's run and BM25's as one system. */
export function fusion(
  data: ReadyData,
  folder: string,
  { runId, encoder, name }: { runId: string; encoder: string; name: string },
) {
  const choice = data.hasValidationSet
    ? { measure: `Recall@${cutoffs(data)[1]}`, validation_typos: [0, 0.5] }
    : { weights: [0.5, 0.5] };
  return {
    system: "fusion",
    task_id: data.name,
    run_id: runId,
    name,
    runs: [`${folder}/${encoder}.yaml`, `${folder}/bm25.yaml`],
    kind: "z-score",
    ...choice,
    recall_validation: { ...evaluation(data), sets: data.sets },
  };
}

/** Section recall_validation. */
export function evaluation(data: ReadyData) {
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
export function yaml(comment: string, value: object): string {
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
