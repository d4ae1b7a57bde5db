import { ExactIndex } from "../../retrieval/indexes/exact-index.js";
import { HnswIndex } from "../../retrieval/indexes/hnsw-index.js";
import type { VectorIndex } from "../../retrieval/indexes/vector-index.js";

/** Points from which a graph finds neighbours sooner than all products do: about 20 s each way on two cores at 50,000. */
const EXACT_UP_TO = 20_000;

/** For every point its nearest others. */
export interface NearestPoints {
  /** Others of each point */
  width: number;
  /** [n, width], nearest first; −1 where the search found none */
  ids: Int32Array;
  /** [n, width] Euclidean distances of the unit rows, √(2 − 2 cos) */
  distances: Float32Array;
  exact: boolean;
}

/**
 * Nearest others by cosine: exact up to 20,000 points, beyond by a navigable graph built by one thread, so that the answer is
 * the same for any number of threads. Cosines within 1e-6 of 1, float32's rounding, are distance 0.
 *
 * @param points  [n, dim], unit rows; a zero row is as far from all others as what has nothing in common
 */
export async function nearestPoints(
  points: Float32Array,
  dim: number,
  width: number,
  options: { threads?: number } = {},
): Promise<NearestPoints> {
  const n = points.length / dim;
  const index = pointIndex(points, dim, options);
  try {
    const excludePerQuery = Int32Array.from({ length: n }, (_, i) => i);
    const { ids, scores } = await index.search(points, width, { excludePerQuery });
    const distances = scores.map((cosine) => (cosine > 1 - 1e-6 ? 0 : Math.sqrt(2 - 2 * cosine)));
    return { width, ids, distances, exact: index.kind === "exact" };
  } finally {
    await index.close();
  }
}

/** Graphs smaller than those that are searched for answers: half the time. */
const GRAPH = { connectivity: 12, expansionAdd: 48, expansionSearch: 32 } as const;

/** An index by products of unit rows: exact up to 20,000, beyond a graph, the same whatever the number of threads. */
export function pointIndex(
  points: Float32Array,
  dim: number,
  options: { threads?: number } = {},
): VectorIndex {
  return points.length / dim <= EXACT_UP_TO
    ? ExactIndex.build(points, { dim, metric: "dot", ...options })
    : HnswIndex.build(points, { dim, metric: "dot", ...GRAPH });
}
