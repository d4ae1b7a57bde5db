import { checkGroups, type GroupMaxima } from "./retrieval.js";

/** The embeddings that a loss searches: those of one cache, or of several behind one another. */
export interface CachedRows {
  readonly size: number;
  readonly dim: number;
  /** Embedding of a row, a copy. */
  embedding(row: number): Float32Array;
  /** false for rows that must not be retrieved, e.g. those never written */
  usable(row: number): boolean;
  /**
   * The best row of each of k contiguous groups for each query, by dot product, [b, k]; unusable rows are passed over, a
   * group without a usable row scores −Infinity. k = size gives all scores.
   */
  groupMaxima(queries: Float32Array, k: number): GroupMaxima;
}

/**
 * {@link CachedRows} over plain arrays.
 *
 * @param embeddings [size, dim], read when asked, never changed
 * @param written    [size] 1 = usable; all if left out
 */
export function arrayRows(embeddings: Float32Array, dim: number, written?: ArrayLike<number>): CachedRows {
  const size = embeddings.length / dim;
  const usable = (row: number) => written?.[row] !== 0;
  return {
    size,
    dim,
    embedding: (row) => embeddings.slice(row * dim, (row + 1) * dim),
    usable,
    groupMaxima(queries, k) {
      checkGroups("groupMaxima", size, k);
      const rows = queries.length / dim;
      const width = size / k;
      const scores = new Float32Array(rows * k).fill(-Infinity);
      const columns = new Int32Array(rows * k);
      for (let g = 0; g < k; g++)
        for (let i = 0; i < rows; i++) {
          const cell = i * k + g;
          columns[cell] = g * width;
          for (let row = g * width; row < (g + 1) * width; row++) {
            if (!usable(row)) continue;
            let score = 0;
            for (let d = 0; d < dim; d++) score += queries[i * dim + d]! * embeddings[row * dim + d]!;
            if (score > scores[cell]!) {
              scores[cell] = score;
              columns[cell] = row;
            }
          }
        }
      return { scores, columns };
    },
  };
}
