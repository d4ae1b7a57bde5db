import { TopK } from "./top-k.js";

export type SearchMetric = "cosine" | "dot" | "euclidean";

export interface ExactSearchOptions {
  /** [N, D], row by row */
  documents: Float32Array;
  /** D */
  dim: number;
  /** [Q, D] */
  queries: Float32Array;
  k: number;
  metric?: SearchMetric;
}

export interface SearchResult {
  /** [Q, k], best first; −1 in slots beyond the pool */
  ids: Int32Array;
  /** [Q, k], higher is better (for "euclidean" minus the distance); −Infinity in slots beyond the pool */
  scores: Float32Array;
}

/** Smallest norm that cosine divides by, so that a zero vector scores 0 against everything. */
export const MIN_NORM = 1e-8;

/** Documents scored against every query before the next ones are touched: 1024 × 128 floats fit a level-2 cache. */
const BLOCK = 1024;

/**
 * Exhaustive nearest-neighbour search, one thread, products summed in float64.
 * cosine: q·d / (max(‖q‖, 1e-8) max(‖d‖, 1e-8)); dot: q·d; euclidean: −‖q − d‖.
 *
 * Ties go to the lower index; NaN scores are never returned. Extra memory: N norms and k slots per query.
 *
 * @throws RangeError if sizes are not multiples of dim or k is not a positive integer
 */
export function exactSearch(options: ExactSearchOptions): SearchResult {
  const { documents, dim, queries, k, metric = "cosine" } = options;
  const documentCount = checkRows("exactSearch", "documents", documents, dim);
  const queryCount = checkRows("exactSearch", "queries", queries, dim);
  if (!Number.isInteger(k) || k < 1)
    throw new RangeError(`exactSearch: k must be a positive integer, got ${k}`);
  if (metric !== "cosine" && metric !== "dot" && metric !== "euclidean")
    throw new RangeError(`exactSearch: unknown metric "${metric}"; known: cosine, dot, euclidean`);
  const best = Array.from({ length: queryCount }, () => new TopK(k));
  const documentNorms = metric === "cosine" ? rowNorms(documents, dim) : null;
  const queryNorms = metric === "cosine" ? rowNorms(queries, dim) : null;
  for (let start = 0; start < documentCount; start += BLOCK) {
    const end = Math.min(documentCount, start + BLOCK);
    for (let q = 0; q < queryCount; q++) {
      const top = best[q]!;
      for (let d = start; d < end; d++) {
        if (metric === "euclidean") top.offer(d, -distance(queries, q * dim, documents, d * dim, dim));
        else {
          const product = dotProduct(queries, q * dim, documents, d * dim, dim);
          top.offer(d, documentNorms === null ? product : product / (queryNorms![q]! * documentNorms[d]!));
        }
      }
    }
  }
  const ids = new Int32Array(queryCount * k);
  const scores = new Float32Array(queryCount * k);
  best.forEach((top, q) => {
    top.drainInto(ids, scores, q * k);
  });
  return { ids, scores };
}

/** Number of rows of a [rows, dim] matrix. */
export function checkRows(where: string, name: string, matrix: Float32Array, dim: number): number {
  if (!Number.isInteger(dim) || dim < 1)
    throw new RangeError(`${where}: dim must be a positive integer, got ${dim}`);
  if (matrix.length % dim !== 0)
    throw new RangeError(`${where}: ${name} must hold whole rows of ${dim}, got ${matrix.length} values`);
  return matrix.length / dim;
}

/** Euclidean norm of each row, at least {@link MIN_NORM}. */
export function rowNorms(matrix: Float32Array, dim: number): Float64Array {
  const norms = new Float64Array(matrix.length / dim);
  for (let row = 0; row < norms.length; row++)
    norms[row] = Math.max(MIN_NORM, Math.sqrt(dotProduct(matrix, row * dim, matrix, row * dim, dim)));
  return norms;
}

function dotProduct(a: Float32Array, aAt: number, b: Float32Array, bAt: number, dim: number): number {
  let s0 = 0;
  let s1 = 0;
  let i = 0;
  for (; i + 1 < dim; i += 2) {
    s0 += a[aAt + i]! * b[bAt + i]!;
    s1 += a[aAt + i + 1]! * b[bAt + i + 1]!;
  }
  if (i < dim) s0 += a[aAt + i]! * b[bAt + i]!;
  return s0 + s1;
}

function distance(a: Float32Array, aAt: number, b: Float32Array, bAt: number, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) {
    const d = a[aAt + i]! - b[bAt + i]!;
    sum += d * d;
  }
  return Math.sqrt(sum);
}
