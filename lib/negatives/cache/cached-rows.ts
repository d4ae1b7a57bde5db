import * as tf from "@tensorflow/tfjs";
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
      const out = { scores: new Float32Array(rows * k).fill(-Infinity), columns: new Int32Array(rows * k) };
      const groups = Math.max(1, Math.floor(SCORES / (rows * width)));
      for (let first = 0; first < k; first += groups) {
        const end = Math.min(k, first + groups);
        const from = first * width;
        const part = embeddings.subarray(from * dim, end * width * dim);
        const scores = products(queries, part, dim);
        for (let i = 0; i < rows; i++)
          for (let g = first; g < end; g++) {
            const cell = i * k + g;
            out.columns[cell] = g * width;
            const shift = i * (part.length / dim) - from;
            for (let row = g * width; row < (g + 1) * width; row++)
              if (scores[shift + row]! > out.scores[cell]! && usable(row)) {
                out.scores[cell] = scores[shift + row]!;
                out.columns[cell] = row;
              }
          }
      }
      return out;
    },
  };
}

/** Scores held at a time. */
const SCORES = 1 << 22;

/** a · bᵀ, row by row. */
function products(a: Float32Array, b: Float32Array, dim: number): Float32Array {
  let out = new Float32Array(0);
  tf.tidy(() => {
    const left = tf.tensor2d(a, [a.length / dim, dim]);
    const right = tf.tensor2d(b, [b.length / dim, dim]);
    out = (tf.matMul(left, right, false, true).dataSync() as Float32Array).slice();
  });
  return out;
}
