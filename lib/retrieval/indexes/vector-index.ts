import type { SearchMetric, SearchOptions, SearchResult } from "./search-options.js";

/** Documents as vectors that can be searched. Ids are the row numbers at building time, from 0. */
export interface VectorIndex {
  /** "exact", "clusters", "hnsw": as written in its file */
  readonly kind: string;
  readonly metric: SearchMetric;
  readonly dim: number;
  /** number of documents */
  readonly size: number;
  /** main memory held, in bytes */
  readonly memoryBytes: number;
  /**
   * The k best documents for each query, best first, −1 beyond what was found.
   *
   * @param queries  [Q, D]
   */
  search(queries: Float32Array, k: number, options?: SearchOptions): Promise<SearchResult>;
  /** Writes the index to one file, whole or not at all. @returns the file's size in bytes */
  save(filePath: string): number;
  /** Ends its threads and lets its memory go; no further calls. */
  close(): Promise<void>;
}
