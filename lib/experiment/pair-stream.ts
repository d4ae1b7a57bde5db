import fs from "node:fs";
import path from "node:path";
import { layout } from "../datasets/dataset-layout.js";
import { estimateRows } from "../datasets/estimate-rows.js";
import { listPartFiles } from "../datasets/part-files.js";
import { describeReport } from "../datasets/read-report.js";
import { reportCounts } from "../datasets/report-counts.js";
import { UserError } from "../files/user-error.js";
import type { KnownPositives } from "../losses/candidate-mask.js";
import { PositiveIndex } from "../losses/positive-index.js";
import { configCleaning } from "./config-cleaning.js";
import type { PairBatch } from "./pairs.js";
import type { ExperimentConfig } from "./schema.js";
import type { FeatureConfig } from "./sections/dataset.js";
import { BatchStream, type BatchStreamOptions } from "./stream/batch-stream.js";
import type { RowEncoding, StreamFeature } from "./stream/row-encoder.js";
import { streamTypos } from "./stream-typos.js";
import { mapperOptions, vectorizerSpec } from "./vectorizers.js";

/** Rows that each reader thread prepares ahead: enough to go on while the next file or row group is decoded. */
const ROWS_AHEAD = 8192;

/** Training pairs that are read anew in every epoch. */
export interface PairStream {
  /** About how many pairs an epoch holds. */
  rows: number;
  /** Reader threads; 0 = the calling thread reads. */
  threads: number;
  /** All positives of a query, by the batches' numbers; null where nothing is masked by them. 8 bytes a pair. */
  positives: KnownPositives | null;
  /** Equal numbers give equal batches, whatever the machine. */
  epoch(epoch: number): AsyncIterable<PairBatch>;
  /** What the last finished epoch met and left out, by phrase; goes into the manifest. */
  counts(): Record<string, number>;
  /** {@link counts} in words, one line per thing worth knowing. */
  lines(): string[];
  close(): Promise<void>;
}

/**
 * Opens the training part-files for streaming, if the configuration or their size asks for it. Masks of known positives
 * cost a first pass over all files.
 *
 * @param tell  told why pairs are held in memory although they are many
 * @returns null where pairs are to be held in memory
 * @throws RangeError if streaming.mode is always and the experiment needs all pairs at once; DataError for a bad file
 */
export async function openPairStream(
  config: ExperimentConfig,
  tell: (line: string) => void,
): Promise<PairStream | null> {
  const { mode, above_megabytes: limit, shuffle_rows: shuffleRows } = config.streaming;
  if (mode === "never" || config.dataset.labelled_pairs === 0) return null;
  const files = listPartFiles(path.join(config.dataset_dir, layout.training));
  const megabytes = files.reduce((sum, file) => sum + sizeOf(file), 0) / 1e6;
  if (mode === "auto" && megabytes <= limit) return null;
  const reason = beyondStreaming(config);
  if (reason !== null) {
    if (mode === "always") throw new UserError(`streaming.mode: must not be always here, as ${reason}`);
    tell(`training pairs (${megabytes.toFixed(0)} MB) are held in memory, as ${reason}`);
    return null;
  }
  const reading = {
    files,
    workers: config.dataloader_workers,
    onError: config.on_error,
    maxMalformed: config.max_malformed_rows,
  };
  const encoding = rowEncoding(config);
  const rows = await estimateRows(files);
  const masked = config.negatives.type === "batch" && config.negatives.mask === "known_positives";
  const positives = masked ? await readPositives({ ...reading, encoding }, rows) : null;
  const stream = new BatchStream({
    ...reading,
    encoding,
    batchSize: config.batch_size,
    shuffleRows: config.shuffle ? shuffleRows : 0,
    seed: config.seed,
    dropLast: config.drop_last,
    lookAhead: Math.max(4, Math.ceil(ROWS_AHEAD / config.batch_size)),
    misspelling: config.typos ? streamTypos(config.typos, configCleaning(config).name) : null,
  });
  return {
    rows,
    positives: positives && ((query) => positives.of(query)),
    threads: Math.min(config.dataloader_workers, files.length),
    epoch: (epoch) => stream.epoch(epoch),
    counts: () => countsOf(stream),
    lines: () => describeReport(stream.report!.read).map((line) => `training ${line}`),
    close: () => stream.close(),
  };
}

/** Why an experiment needs all of its pairs at once; null if batches alone will do. */
export function beyondStreaming({
  dataset,
  negatives,
  model,
  distillation,
  pairs_per_epoch: perEpoch,
  text_vectorizer: text,
}: ExperimentConfig) {
  const features = [...dataset.query_features, ...dataset.document_features];
  const other = features.find(({ type }) => type !== "text" && type !== "categorical");
  if (other) return `feature ${other.name} of type ${other.type} is read for all rows at once`;
  if (text.type === "word_pieces" || model.type === "Transformer")
    return "word-pieces are read for all rows at once";
  if ("token_weights" in model && model.token_weights.endsWith("idf"))
    return "inverse document frequencies are counted from all texts";
  if (dataset.labelled_pairs !== null) return "labelled_pairs draws from all pairs";
  if (dataset.judgements !== null) return "judgements add to all pairs";
  if (dataset.labelled_queries !== null) return "labelled_queries draws from all queries";
  if ("untrained_rows" in model.text_embedding && model.text_embedding.untrained_rows === "zero")
    return "rows of tokens that no text holds are known from all texts";
  if (dataset.document_pairs !== null || dataset.sentence_pairs !== null || dataset.span_pairs !== null)
    return "documents make further pairs, which are added to all pairs at once";
  if (perEpoch !== null) return "pairs_per_epoch draws from all pairs";
  if (distillation) return "the teacher embeds all queries and documents once";
  if (negatives.type !== "batch") return `negatives of type ${negatives.type} are drawn from all documents`;
  if (negatives.add.length > 0 || negatives.log_q !== null) return "negatives are added from all documents";
  return null;
}

/** Which documents answer which query, over all pairs. */
async function readPositives(
  reading: { files: string[]; encoding: RowEncoding } & Partial<BatchStreamOptions>,
  rows: number,
): Promise<PositiveIndex> {
  const encoding = { ...reading.encoding, hashesOnly: true };
  const stream = new BatchStream({ ...reading, encoding, batchSize: ROWS_AHEAD });
  const index = new PositiveIndex(rows);
  try {
    for await (const { queryIds, documentIds } of stream.epoch(0)) index.add(queryIds, documentIds);
  } finally {
    await stream.close();
  }
  return index;
}

function rowEncoding(config: ExperimentConfig): RowEncoding {
  return {
    query: config.dataset.query_features.map(streamFeature),
    document: config.dataset.document_features.map(streamFeature),
    vectorizer: vectorizerSpec(config)!,
    categories: mapperOptions(config),
  };
}

function streamFeature(feature: FeatureConfig): StreamFeature {
  return feature.type === "text"
    ? { name: feature.name, type: "text", from: feature.from }
    : { name: feature.name, type: "categorical" };
}

/** A file that has gone counts 0; whoever reads it says so. */
function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function countsOf({ report }: BatchStream): Record<string, number> {
  if (report === null) return {};
  const { read, encoding, droppedRows } = report;
  const counts = reportCounts("training ", read);
  const note = (name: string, count: number) => {
    if (count > 0) counts[`training ${name}`] = count;
  };
  note("rows of incomplete batches, dropped", droppedRows);
  for (const [name, count] of Object.entries(encoding.emptyTexts)) note(`empty texts: ${name}`, count);
  for (const [name, count] of Object.entries(encoding.unknownCategories))
    note(`unknown categories: ${name}`, count);
  return counts;
}
