import type { Worker } from "node:worker_threads";
import { listPartFiles } from "../../datasets/part-files.js";
import { defaultMaxMalformed } from "../../datasets/read-report.js";
import { startWorker } from "../../engine/start-worker.js";
import { DataError } from "../../files/data-error.js";
import { UserError } from "../../files/user-error.js";
import type { WordCuts } from "../../tokenizer/text-vectorizer.js";
import { RowEncoder, type RowEncoding, type RowField } from "./row-encoder.js";
import type { StreamMisspelling } from "./row-misspelling.js";
import type { FromWorker, ToWorker } from "./serve-batches.js";
import {
  type EpochTask,
  type FlatBatch,
  mergeWorkerReports,
  type WorkerReport,
  workerBatches,
} from "./worker-batches.js";

/** An error of the thread, thrown again here as what it was there. */
const faultClasses = { data: DataError, user: UserError, bug: Error } as const;

export interface BatchStreamOptions {
  /** Folder of part-files, or their paths. */
  files: string | readonly string[];
  encoding: RowEncoding;
  batchSize: number;
  /** Reader threads; 0 reads in the calling thread. Part-file i goes to thread i mod W. Default 0. */
  workers?: number;
  /** Rows that each thread holds for mixing; 0 keeps files and rows in order. Default 0. */
  shuffleRows?: number;
  /** Of the mixing. Default 42. */
  seed?: number;
  /** Leave the incomplete last batch of each thread out. Default false. */
  dropLast?: boolean;
  /** A part-file that cannot be read: stop, or leave it out and say so in the report. Default "fail". */
  onError?: "fail" | "skip";
  /** Malformed rows allowed in an epoch. Default 100. */
  maxMalformed?: number;
  /** Batches that each thread prepares ahead. Default 4. */
  lookAhead?: number;
  /** Misspells queries anew in every epoch. Default: none are. */
  misspelling?: StreamMisspelling | null;
}

/** Ids of one feature for the rows of a batch. */
export type StreamColumn =
  | { kind: "text"; ids: Int32Array; length: number; words?: WordCuts }
  | { kind: "categorical"; ids: Int32Array; missing?: Uint8Array };

export interface StreamedSide {
  size: number;
  columns: Record<string, StreamColumn>;
}

/**
 * Row i of `documents` is relevant for row i of `queries`; equal ids are the same query or document. With teaching the
 * queries are 3 B rows: those trained on, the same misspelled, and clean.
 */
export interface StreamedBatch {
  queries: StreamedSide;
  documents: StreamedSide;
  queryIds: Int32Array;
  documentIds: Int32Array;
}

/**
 * Batches of pairs from part-files that need not fit in memory, read, cleaned and vectorised by several threads.
 *
 * The batches of the threads are taken in turn, so their order depends on the files, the number of threads and the seed,
 * never on timing. One epoch runs at a time. `close` ends the threads.
 */
export class BatchStream {
  readonly files: readonly string[];
  /** What the last finished epoch met; null before. */
  report: WorkerReport | null = null;
  private readonly settings: Required<Omit<BatchStreamOptions, "files" | "encoding" | "misspelling">>;
  private readonly misspelling: StreamMisspelling | null;
  private readonly encoder: RowEncoder;
  private readonly threads: Thread[];
  private running = false;

  /** @throws DataError if there are no part-files; RangeError for a bad option */
  constructor({ files, encoding, misspelling = null, ...options }: BatchStreamOptions) {
    this.files = typeof files === "string" ? listPartFiles(files) : [...files];
    this.settings = {
      workers: 0,
      shuffleRows: 0,
      seed: 42,
      dropLast: false,
      onError: "fail",
      maxMalformed: defaultMaxMalformed,
      lookAhead: 4,
      ...options,
    };
    for (const [name, least] of Object.entries({
      batchSize: 1,
      workers: 0,
      shuffleRows: 0,
      maxMalformed: 0,
      lookAhead: 1,
    })) {
      const value = this.settings[name as "batchSize"];
      if (!Number.isInteger(value) || value < least)
        throw new UserError(`BatchStream: ${name} must be an integer ≥ ${least}, got ${value}`);
    }
    if (this.files.length === 0)
      throw new DataError("BatchStream: at least one part-file is needed, got none");
    this.misspelling = misspelling;
    const rows = { ...encoding, teaching: misspelling?.teaching ?? false };
    this.encoder = new RowEncoder(rows);
    const count = Math.min(this.settings.workers, this.files.length);
    this.threads = Array.from({ length: count }, () => new Thread(rows, misspelling));
  }

  /**
   * The batches of one epoch.
   *
   * @param epoch changes the order of mixed rows; equal numbers give equal batches
   * @throws DataError if a file cannot be read and `onError` is "fail"; RangeError while another epoch is under way
   */
  async *epoch(epoch: number): AsyncGenerator<StreamedBatch> {
    if (this.running)
      throw new UserError(`BatchStream: one epoch runs at a time, got ${epoch} during another`);
    this.running = true;
    const sources =
      this.threads.length === 0
        ? [this.inline(epoch)]
        : this.threads.map((thread, i) => thread.start(this.task(epoch, i), this.settings.lookAhead));
    const reports: WorkerReport[] = [];
    let open = sources;
    try {
      while (open.length > 0) {
        const ended = new Set<FlatBatches>();
        for (const source of open) {
          const next = await source.next();
          if (next.done) {
            reports.push(next.value);
            ended.add(source);
          } else yield this.split(next.value, this.misspells(epoch));
        }
        open = open.filter((source) => !ended.has(source));
      }
      this.report = mergeWorkerReports(reports);
      this.checkReport(this.report);
    } finally {
      this.running = false;
      for (const thread of this.threads) thread.stop();
    }
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }

  private checkReport({ read }: WorkerReport): void {
    const { maxMalformed } = this.settings;
    if (read.malformed > maxMalformed) {
      const [first] = read.malformedExamples;
      throw new DataError(
        `at most ${maxMalformed} malformed rows are allowed, got ${read.malformed}; one is ${first!.file}:${first!.line}: ${first!.reason}`,
      );
    }
    if (read.rows > 0) return;
    const [left] = read.skippedFiles;
    throw new DataError(
      `part-files must hold at least one row, got 0${left ? `; left out: ${left.reason}` : ""}`,
    );
  }

  private task(epoch: number, worker: number): EpochTask {
    const workers = Math.max(1, this.threads.length);
    return { ...this.settings, files: this.files, worker, workers, epoch, misspells: this.misspells(epoch) };
  }

  private inline(epoch: number): FlatBatches {
    return workerBatches(this.task(epoch, 0), this.encoder, this.misspelling?.make);
  }

  private misspells(epoch: number): boolean {
    return this.misspelling !== null && epoch >= this.misspelling.fromEpoch;
  }

  /** @param allCopies with the queries misspelled and clean, where there are such */
  private split({ rows, flat }: FlatBatch, allCopies: boolean): StreamedBatch {
    const { fields, width, words } = this.encoder;
    const queries = allCopies && this.misspelling!.teaching ? 3 * rows : rows;
    const sides = { query: { size: queries, columns: {} }, document: { size: rows, columns: {} } } as Record<
      "query" | "document",
      StreamedSide
    >;
    for (const field of fields)
      sides[field.side].columns[field.name] = columnOf(
        flat,
        rows,
        width,
        field,
        sides[field.side].size / rows,
        words,
      );
    const idsAt = (offset: number) =>
      Int32Array.from({ length: rows }, (_, row) => flat[row * width + offset]!);
    return { queries: sides.query, documents: sides.document, queryIds: idsAt(0), documentIds: idsAt(1) };
  }
}

type FlatBatches = AsyncGenerator<FlatBatch, WorkerReport>;

/** The first `copies` of a feature, one after the other, [copies · rows, field.width]. */
function columnOf(
  flat: Int32Array,
  rows: number,
  width: number,
  field: RowField,
  copies: number,
  words: WordCuts | null,
): StreamColumn {
  const ids = new Int32Array(copies * rows * field.width);
  for (let copy = 0; copy < copies; copy++)
    for (let row = 0; row < rows; row++) {
      const from = row * width + field.offset + copy * field.width;
      const to = (copy * rows + row) * field.width;
      for (let i = 0; i < field.width; i++) ids[to + i] = flat[from + i]!;
    }
  if (field.type === "categorical") return categories(ids);
  return { kind: "text", ids, length: field.width, ...(words && { words }) };
}

/** Ids of categories, and which of them stand for an empty cell (stored as −1 − id). */
function categories(ids: Int32Array): StreamColumn {
  if (ids.every((id) => id >= 0)) return { kind: "categorical", ids };
  return {
    kind: "categorical",
    ids: ids.map((id) => (id < 0 ? -1 - id : id)),
    missing: Uint8Array.from(ids, (id) => (id < 0 ? 1 : 0)),
  };
}

/** A reader thread and the answers that have come from it. */
class Thread {
  private readonly worker: Worker;
  private answers: FromWorker[] = [];
  private wake: () => void = () => {};
  private failure: Error | null = null;
  private run = 0;

  constructor(encoding: RowEncoding, misspelling: StreamMisspelling | null) {
    this.worker = startWorker(misspelling?.worker ?? "lib/experiment/stream/stream-worker.ts", {
      encoding,
      misspelling: misspelling?.workerData,
    });
    this.worker.on("message", (message: FromWorker) => {
      if (message.run === this.run) this.answers.push(message);
      this.wake();
    });
    this.worker.on("error", (error) => {
      this.failure = error;
      this.wake();
    });
  }

  /** Sets the thread to work at once; its batches are then waited for one by one. */
  start(task: EpochTask, credits: number): FlatBatches {
    this.answers = [];
    this.run++;
    this.send({ kind: "epoch", run: this.run, task, credits });
    return this.batches();
  }

  private async *batches(): FlatBatches {
    for (;;) {
      const answer = await this.nextAnswer();
      if (answer.kind === "end") return answer.report;
      if (answer.kind === "error") throw new faultClasses[answer.fault](answer.message);
      this.send({ kind: "credit" });
      yield { rows: answer.rows, flat: answer.flat };
    }
  }

  /** Drops the epoch under way; answers that still come are not taken. */
  stop(): void {
    this.send({ kind: "stop" });
    this.run++;
    this.answers = [];
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private async nextAnswer(): Promise<FromWorker> {
    while (this.answers.length === 0) {
      if (this.failure !== null) throw this.failure;
      this.worker.ref();
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.worker.unref();
    }
    return this.answers.shift()!;
  }

  private send(message: ToWorker): void {
    this.worker.postMessage(message);
  }
}
