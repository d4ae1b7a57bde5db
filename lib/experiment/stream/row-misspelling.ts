import type { Random } from "../../engine/random/random.js";

/** How the queries of streamed rows are misspelled; draws as it goes. */
export interface RowMisspelling {
  /** Whether the next row is trained on its misspelled query. */
  chooses(): boolean;
  /** The cleaned text of a query, misspelled. */
  apply(cleaned: string): string;
}

/** Misspelling as a stream needs it: made anew for each epoch, in each reader thread. */
export interface StreamMisspelling {
  /** Epochs before this one see clean queries only. */
  fromEpoch: number;
  /** Batches also carry their queries misspelled and clean, after those trained on. */
  teaching: boolean;
  /** @param random of the epoch and thread alone */
  make(random: Random): RowMisspelling;
  /** Worker file that makes the same from `workerData` (see serveBatches); relative to the workspace root. */
  worker: string;
  workerData: unknown;
}
