import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { writeDictionary } from "../../lib/datasets/dictionary-file.js";
import { writeJsonLines } from "../../lib/datasets/json-lines.js";
import { writeParquet } from "../../lib/datasets/parquet.js";

const COLOURS = ["red", "blue", "green", "black", "white", "pink"];
const THINGS = ["shoe", "shirt", "lamp", "chair", "phone", "bottle", "scarf", "clock"];
/** What people type for each thing: never the document's own word. */
const SYNONYMS: Record<string, string[]> = {
  shoe: ["sneaker", "footwear"],
  shirt: ["blouse", "top"],
  lamp: ["light", "lantern"],
  chair: ["seat", "stool"],
  phone: ["mobile", "handset"],
  bottle: ["flask", "carafe"],
  scarf: ["shawl", "wrap"],
  clock: ["watch", "timer"],
};

export interface TinyDataset {
  dir: string;
  root: string;
  config(overrides?: Record<string, unknown>): string;
}

/**
 * 48 documents "<colour> <thing>" and queries "<colour> <synonym>": BM25 finds colours only, an encoder can learn the
 * synonyms. Eight copies of 84 training pairs; 12 pairs are left for the evaluation, and every word of theirs is trained.
 */
export function tinyDataset(): TinyDataset {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-tiny-"));
  const dir = path.join(root, "data");
  const items: Record<string, string>[] = [];
  const train: [string, number][] = [];
  const queries: Record<string, unknown>[] = [];
  for (const colour of COLOURS)
    for (const thing of THINGS) {
      const row = items.length;
      items.push({
        document_id: `d${row}`,
        document_name: `${colour} ${thing}`,
        document_category_id: thing,
      });
      SYNONYMS[thing]!.forEach((synonym, i) => {
        if (i === 1 && (COLOURS.indexOf(colour) + THINGS.indexOf(thing)) % 4 === 3)
          queries.push({ query_search_phrase: `${colour} ${synonym}`, relevant_document_ids: [`d${row}`] });
        else train.push([`${colour} ${synonym}`, row]);
      });
    }
  const rows = Array.from({ length: 8 }, () => train).flat();
  const columns = (pairs: readonly [string, number][]) => ({
    query_search_phrase: pairs.map(([query]) => query),
    document_name: pairs.map(([, row]) => items[row]!["document_name"]!),
    document_category_id: pairs.map(([, row]) => items[row]!["document_category_id"]!),
  });
  for (const folder of ["training_dataset", "validation_dataset"])
    fs.mkdirSync(path.join(dir, folder), { recursive: true });
  writeParquet(path.join(dir, "training_dataset", "part-00000.parquet"), columns(rows));
  writeParquet(path.join(dir, "validation_dataset", "part-00000.parquet"), columns(train.slice(0, 20)));
  writeJsonLines(path.join(dir, "recall_validation_items_dataset", "items.json"), items);
  writeJsonLines(path.join(dir, "recall_validation_queries_dataset", "queries.json"), queries);
  const words = [...COLOURS, ...THINGS, ...Object.values(SYNONYMS).flat()];
  writeDictionary(
    path.join(dir, "tokens"),
    "token",
    words.map((key, i) => ({ key, id: i + 1 })),
  );
  writeDictionary(
    path.join(dir, "categories"),
    "category",
    THINGS.map((key, i) => ({ key, id: i + 1 })),
  );
  return {
    dir,
    root,
    config: (overrides = {}) => {
      const file = path.join(root, `config-${fs.readdirSync(root).length}.yaml`);
      fs.writeFileSync(file, JSON.stringify({ ...baseConfig(dir, path.join(root, "runs")), ...overrides }));
      return file;
    },
  };
}

function baseConfig(dir: string, outputDir: string) {
  return {
    task_id: "tiny",
    run_id: "run",
    seed: 3,
    num_epochs: 3,
    keep_checkpoints: 2,
    checkpoint_every: 1,
    dataset_dir: dir,
    output_dir: outputDir,
    batch_size: 16,
    learning_rate: 0.01,
    log_every: 5,
    dataset: {
      query_features: [{ name: "query_search_phrase", type: "text" }],
      document_features: [
        { name: "document_name", type: "text" },
        {
          name: "document_category_id",
          type: "categorical",
          dictionary_path: "categories",
          num_oov_categories: 2,
        },
      ],
    },
    loss: { type: "batch_softmax", temperature: 0.1 },
    text_vectorizer: {
      type: "dictionary",
      dictionary_path: "tokens",
      word_unigrams_limit: 4,
      num_oov_tokens: 10,
    },
    model: {
      type: "TwoTower",
      text_embedding: { num_embeddings: 48, embedding_dim: 16 },
      category_feature: { num_embeddings: 12, embedding_dim: 4 },
      hidden_layers: [16],
      output_dim: 16,
      query: { text_feature: "query_search_phrase" },
      document: { text_feature: "document_name", categorical_feature: "document_category_id" },
    },
    recall_validation: { enabled: true, k: [1, 5, 60], query_typo_probabilities: [0, 0.5] },
  };
}
