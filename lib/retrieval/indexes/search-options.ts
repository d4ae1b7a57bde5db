import { UserError } from "../../files/user-error.js";

export type SearchMetric = "cosine" | "dot" | "euclidean";

const searchMetrics: readonly SearchMetric[] = ["cosine", "dot", "euclidean"];

export interface SearchResult {
  /** [Q, k], best first; −1 in slots beyond what was found */
  ids: Int32Array;
  /** [Q, k], higher is better (for "euclidean" minus the distance); −Infinity in slots beyond what was found */
  scores: Float32Array;
}

export interface SearchOptions {
  /** Only these document ids may be returned. */
  keep?: ArrayLike<number>;
  /** These document ids are never returned. */
  exclude?: ArrayLike<number>;
  /** [Q] one id per query that is not returned for it, such as the query itself; −1: none. */
  excludePerQuery?: ArrayLike<number>;
  /** Called now and then with the queries answered so far (estimated where work is split by documents). */
  onProgress?: (done: number, total: number) => void;
}

/** Answers that one search gives at most, found or not: 8 GB of ids and scores. */
const MOST_SLOTS = 2 ** 30;

/**
 * Number of rows of a [rows, dim] matrix, every value of which is a number: NaN among documents stands first or nowhere,
 * as the index happens to compare.
 *
 * @throws UserError for rows that are not whole, or naming the first that holds NaN or an infinity
 */
export function checkRows(where: string, name: string, matrix: Float32Array, dim: number): number {
  if (!Number.isInteger(dim) || dim < 1)
    throw new UserError(`${where}: dim must be a positive integer, got ${dim}`);
  if (matrix.length % dim !== 0)
    throw new UserError(`${where}: ${name} must hold whole rows of ${dim}, got ${matrix.length} values`);
  // the sum of what is finite is finite in double precision: one pass without branches, and a second to find the row
  let sum = 0;
  for (let i = 0; i < matrix.length; i++) sum += matrix[i]!;
  if (!Number.isFinite(sum)) {
    const wrong = matrix.findIndex((value) => !Number.isFinite(value));
    throw new UserError(
      `${where}: ${name} must be finite, got ${matrix[wrong]} in row ${Math.floor(wrong / dim)}`,
    );
  }
  return matrix.length / dim;
}

export function checkSearch(where: string, k: number, queryCount: number, options: SearchOptions): void {
  if (!Number.isInteger(k) || k < 1) throw new UserError(`${where}: k must be a positive integer, got ${k}`);
  if (k * queryCount > MOST_SLOTS)
    throw new UserError(
      `${where}: k must be at most ${Math.floor(MOST_SLOTS / queryCount)} for ${queryCount} queries, got ${k}`,
    );
  const own = options.excludePerQuery;
  if (own && own.length !== queryCount)
    throw new UserError(
      `${where}: excludePerQuery must have one id per query (${queryCount}), got ${own.length}`,
    );
}

export function checkMetric(where: string, metric: string): asserts metric is SearchMetric {
  if (!searchMetrics.includes(metric as SearchMetric))
    throw new UserError(`${where}: unknown metric "${metric}"; known: ${searchMetrics.join(", ")}`);
}

/**
 * One bit per document, set where `keep` and `exclude` allow it, or null where they allow all.
 *
 * @throws RangeError for an id that is not a document of the index
 */
export function keepBits(where: string, size: number, options: SearchOptions): Uint8Array | null {
  const { keep, exclude } = options;
  if (!keep && (!exclude || exclude.length === 0)) return null;
  const bits = new Uint8Array(Math.ceil(size / 8));
  const check = (name: string, id: number): void => {
    if (!Number.isInteger(id) || id < 0 || id >= size)
      throw new UserError(`${where}: ${name} must hold document ids in [0, ${size}), got ${id}`);
  };
  if (!keep) bits.fill(255);
  else
    for (let i = 0; i < keep.length; i++) {
      check("keep", keep[i]!);
      bits[keep[i]! >> 3]! |= 1 << (keep[i]! & 7);
    }
  for (let i = 0; i < (exclude?.length ?? 0); i++) {
    const id = exclude![i]!;
    check("exclude", id);
    bits[id >> 3]! &= ~(1 << (id & 7));
  }
  return bits;
}

export function isKept(bits: Uint8Array | null, id: number): boolean {
  return bits === null || ((bits[id >> 3]! >> (id & 7)) & 1) === 1;
}
