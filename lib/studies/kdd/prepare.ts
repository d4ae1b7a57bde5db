import fs from "node:fs";
import path from "node:path";
import { writeRegionFile } from "../../datasets/images/region-files.js";
import { Random } from "../../engine/random/random.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";
import { kMeans } from "../../retrieval/indexes/k-means.js";
import { readTaskRows } from "./files/task-rows.js";
import type { KddConfig } from "./kdd-schema.js";
import {
  checkWordFiles,
  lexiconReader,
  lexiconWords,
  type QueryWordReader,
  wordPieceReader,
  wordVectorValues,
} from "./kdd-words.js";

/** What training knows of a query. */
export interface QueryEntry {
  query: string;
  products: string[];
  lastWord: string;
  cluster: number;
}

/** The working files but for the regions, as info/working-data.json holds them. */
export interface WorkingData {
  format: "qdrl-kdd-1";
  /** words of the training queries, most frequent first; empty with word-pieces */
  lexicon: string[];
  queries: Record<string, QueryEntry>;
  /** training pairs in file order */
  pairs: { query: string; product: string }[];
  /** of validation and test, in file order */
  candidates: Record<"valid" | "test", Record<string, { query: string; products: string[] }>>;
  counts: Record<string, number>;
}

/** Files of a work folder; what the matching models write may stand in a folder of its own. */
export const workFiles = (workDir: string, matchingDir = workDir) => ({
  data: path.join(workDir, "info", "working-data.json"),
  features: path.join(workDir, "features"),
  vectors: path.join(workDir, "info", "word-vectors.npy"),
  encoder: path.join(workDir, "user_data", "image_encoder.safetensors"),
  model: (n: 1 | 2) => path.join(matchingDir, "user_data", `model${n}.safetensors`),
  predictions: (set: "valid" | "test", n: 1 | 2) =>
    path.join(matchingDir, "prediction_result", `${set}_pred_model${n}.json`),
  submission: path.join(matchingDir, "prediction_result", "submission.csv"),
  report: path.join(matchingDir, "report.json"),
  /** checkpoints of a training, one an epoch */
  training: (step: string) => path.join(step === "pretrain" ? workDir : matchingDir, "training", step),
  metrics: (step: string) => path.join(step === "pretrain" ? workDir : matchingDir, `metrics-${step}.jsonl`),
});

/** {@link workFiles} of a configuration. */
export const filesOf = ({ work_dir, matching_seed }: KddConfig) =>
  workFiles(work_dir, matching_seed === null ? work_dir : path.join(work_dir, `matching-${matching_seed}`));

/**
 * The preparation step that is missing from the published code, rebuilt from what reads its files: regions of each
 * product in a file of its own, pairs, and a query table with last words and clusters (k-means on mean word vectors).
 *
 * @see specs/3-kdd-multimodal-recall.md sections 3.2 and 9
 */
export function prepare(config: KddConfig, line: (text: string) => void): WorkingData {
  checkWordFiles(config);
  const files = workFiles(config.work_dir);
  const data: WorkingData = {
    format: "qdrl-kdd-1",
    lexicon: [],
    queries: {},
    pairs: [],
    candidates: { valid: {}, test: {} },
    counts: { malformedRows: 0 },
  };
  const written = new Set<string>();
  const rowsOf = (name: string) =>
    readTaskRows(path.join(config.data_dir, `${name}.tsv`), {
      maxMalformed: config.max_malformed_rows,
      onMalformed: (message) => {
        data.counts["malformedRows"]!++;
        line(`left out: ${message}`);
      },
    });
  for (const [set, name] of [
    ["train", "train"],
    ["valid", "valid"],
    ["test", config.test_set],
  ] as const)
    for (const row of rowsOf(name)) {
      if (!written.has(row.productId)) writeRegionFile(files.features, row.productId, row);
      written.add(row.productId);
      if (set === "train") {
        data.pairs.push({ query: row.queryId, product: row.productId });
        const lastWord = row.query.trim().split(/\s+/).at(-1)!;
        const entry = (data.queries[row.queryId] ??= {
          query: row.query,
          products: [],
          lastWord,
          cluster: 0,
        });
        if (!entry.products.includes(row.productId)) entry.products.push(row.productId);
      } else {
        const shown = (data.candidates[set][row.queryId] ??= { query: row.query, products: [] });
        shown.products.push(row.productId);
      }
    }
  const entries = Object.values(data.queries);
  if (entries.length === 0)
    throw new UserError(`${config.data_dir}/train.tsv: must hold at least one row, got 0`);
  data.lexicon = config.tokenizer.type === "lexicon" ? lexiconOf(entries.map(({ query }) => query)) : [];
  assignClusters(config, data, entries);
  Object.assign(data.counts, {
    products: written.size,
    pairs: data.pairs.length,
    queries: entries.length,
    words: data.lexicon.length,
    validationQueries: Object.keys(data.candidates.valid).length,
    testQueries: Object.keys(data.candidates.test).length,
  });
  atomicWriteFile(files.data, `${JSON.stringify(data)}\n`);
  return data;
}

/** Reads what {@link prepare} wrote. @throws RangeError if it was not run */
export function readWorkingData(workDir: string): WorkingData {
  const file = workFiles(workDir).data;
  if (!fs.existsSync(file))
    throw new UserError(`${file}: must exist, found none; run the step prepare first`);
  return JSON.parse(fs.readFileSync(file, "utf8"));
}

/** The words of queries as ids, by the configured tokenizer. */
export function wordReader(config: KddConfig, data: WorkingData): QueryWordReader {
  return config.tokenizer.type === "lexicon"
    ? lexiconReader(data.lexicon)
    : wordPieceReader(config.tokenizer.vocabulary);
}

/** The frozen word vectors; the same for every step, as they come from the seed and the training queries. */
export function wordTable(config: KddConfig, data: WorkingData): { values: Float32Array; dim: number } {
  const reader = wordReader(config, data);
  const queries = Object.values(data.queries).map(({ query }) => reader.wordIds(query));
  return wordVectorValues(config.word_vectors, reader.size, queries, new Random(config.seed).fork("words"));
}

function assignClusters(config: KddConfig, data: WorkingData, entries: readonly QueryEntry[]): void {
  const reader = wordReader(config, data);
  const { values, dim } = wordTable(config, data);
  const points = new Float32Array(entries.length * dim);
  entries.forEach(({ query }, row) => {
    const ids = reader.wordIds(query);
    for (const id of ids)
      for (let d = 0; d < dim; d++) points[row * dim + d]! += values[id * dim + d]! / ids.length;
  });
  const { labels } = kMeans(points, dim, {
    clusters: Math.min(config.clusters, entries.length),
    random: new Random(config.seed).fork("clusters"),
    iterations: 30,
  });
  entries.forEach((entry, row) => {
    entry.cluster = labels[row]!;
  });
}

function lexiconOf(queries: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const query of queries)
    for (const word of lexiconWords(query)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([word]) => word);
}
