import { readPartChunks } from "../../datasets/part-files.js";
import { addCounts, emptyReadReport, mergeReports, type ReadReport } from "../../datasets/read-report.js";
import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { ownEntry } from "../../files/own-entry.js";
import type { EncodingCounts, RowEncoder } from "./row-encoder.js";
import type { RowMisspelling } from "./row-misspelling.js";
import { ShuffleBuffer } from "./shuffle-buffer.js";

/** What one worker does in one epoch. */
export interface EpochTask {
  /** All part-files; the worker takes those of its index. */
  files: readonly string[];
  worker: number;
  workers: number;
  epoch: number;
  seed: number;
  batchSize: number;
  /** Rows held for mixing, 0 = file order, and files in order too. */
  shuffleRows: number;
  dropLast: boolean;
  onError: "fail" | "skip";
  maxMalformed: number;
  /** Whether queries of this epoch are misspelled. */
  misspells: boolean;
}

/** Rows of one batch, still flat. */
export interface FlatBatch {
  rows: number;
  flat: Int32Array;
}

export interface WorkerReport {
  read: ReadReport;
  /** Rows that came out in batches, and those of a dropped incomplete batch. */
  usedRows: number;
  droppedRows: number;
  batches: number;
  encoding: EncodingCounts;
}

/** File i belongs to worker i mod W. */
export function shardFiles<T>(files: readonly T[], worker: number, workers: number): T[] {
  return files.filter((_, index) => index % workers === worker);
}

/**
 * The batches of one worker: its files one after the other (in a seeded order if rows are mixed), one of them in memory,
 * encoded. A file that cannot be read whole gives no rows at all.
 *
 * @param misspelling of the epoch's queries, if the task says so
 * @returns the report, as the generator's return value
 * @throws DataError on the first bad file if `onError` is "fail"
 */
export async function* workerBatches(
  task: EpochTask,
  encoder: RowEncoder,
  misspelling: ((random: Random) => RowMisspelling) | null = null,
): AsyncGenerator<FlatBatch, WorkerReport> {
  const random = new Random(task.seed).fork(`epoch ${task.epoch} worker ${task.worker} of ${task.workers}`);
  const files = shardFiles(task.files, task.worker, task.workers);
  if (task.shuffleRows > 0) random.shuffle(files);
  const misspelled = task.misspells && misspelling ? misspelling(random.fork("misspelling")) : null;
  const { width } = encoder;
  const buffer = new ShuffleBuffer(task.shuffleRows, width, random);
  const before: EncodingCounts = structuredClone(encoder.counts);
  let read = emptyReadReport();
  let flat = new Int32Array(task.batchSize * width);
  let rows = 0;
  let batches = 0;
  const full = (): FlatBatch => {
    const batch = { rows, flat };
    flat = new Int32Array(task.batchSize * width);
    rows = 0;
    batches++;
    return batch;
  };
  for (const file of files) {
    const { chunks, report } = await encodeFile(file, task, encoder, read, misspelled);
    read = mergeReports([read, report]);
    for (const chunk of chunks)
      for (let at = 0; at < chunk.length; at += width)
        if (buffer.exchange(chunk, at, flat, rows * width) && ++rows === task.batchSize) yield full();
  }
  while (buffer.drain(flat, rows * width)) if (++rows === task.batchSize) yield full();
  const droppedRows = task.dropLast ? rows : 0;
  if (rows > 0 && !task.dropLast) {
    flat = flat.slice(0, rows * width);
    yield full();
  }
  return {
    read,
    usedRows: read.rows - droppedRows,
    droppedRows,
    batches,
    encoding: {
      emptyTexts: difference(encoder.counts.emptyTexts, before.emptyTexts),
      unknownCategories: difference(encoder.counts.unknownCategories, before.unknownCategories),
    },
  };
}

async function encodeFile(
  file: string,
  task: EpochTask,
  encoder: RowEncoder,
  before: ReadReport,
  misspelling: RowMisspelling | null,
): Promise<{ chunks: Int32Array[]; report: ReadReport }> {
  const report = emptyReadReport();
  const chunks: Int32Array[] = [];
  const limits = { maxMalformed: task.maxMalformed, malformedBefore: before.malformed };
  try {
    for await (const chunk of readPartChunks(file, encoder.columns, limits, report))
      chunks.push(encoder.encode(chunk, misspelling));
    return { chunks, report };
  } catch (error) {
    if (!(error instanceof DataError) || task.onError === "fail") throw error;
    return { chunks: [], report: { ...emptyReadReport(), skippedFiles: [{ file, reason: error.message }] } };
  }
}

/** The reports of several workers as one. */
export function mergeWorkerReports(reports: readonly WorkerReport[]): WorkerReport {
  const encoding: EncodingCounts = { emptyTexts: {}, unknownCategories: {} };
  for (const report of reports) {
    addCounts(encoding.emptyTexts, report.encoding.emptyTexts);
    addCounts(encoding.unknownCategories, report.encoding.unknownCategories);
  }
  const sum = (of: (report: WorkerReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  return {
    read: mergeReports(reports.map((report) => report.read)),
    usedRows: sum((report) => report.usedRows),
    droppedRows: sum((report) => report.droppedRows),
    batches: sum((report) => report.batches),
    encoding,
  };
}

function difference(now: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(now).map(([key, count]) => [key, count - (ownEntry(before, key) ?? 0)]),
  );
}
