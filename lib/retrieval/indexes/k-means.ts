import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { copyRows, exactSearch } from "./exact-search.js";
import { KernelMemory } from "./kernel-memory.js";
import { paddedDim } from "./query-batch.js";
import { searchKernel } from "./search-kernel.js";
import { checkRows } from "./search-options.js";

export interface Clustering {
  /** [N] cluster of each point; ties to the lower cluster */
  labels: Int32Array;
  /** [C, D] means of the clusters after the last assignment */
  centroids: Float32Array;
  /** Σ squared distance of each point to the centroid it was assigned by, i.e. before the centroids' last move */
  inertia: number;
  /** rounds of assigning and moving done */
  iterations: number;
}

/**
 * Lloyd's k-means from given centroids: assign every point to the nearest centroid (Euclidean), move the centroids to
 * the means; stops after `iterations` rounds or when no label changes.
 *
 * A cluster without points takes over the point farthest from its own centroid (the first of several), so the number
 * of clusters stays. Deterministic; the inputs are not changed.
 *
 * @param points     [N, D]
 * @param centroids  [C, D], C ≤ N
 */
export function lloyd(
  points: Float32Array,
  dim: number,
  centroids: Float32Array,
  options: { iterations?: number } = {},
): Clustering {
  const { iterations = 300 } = options;
  const count = checkRows("lloyd", "points", points, dim);
  const clusters = checkRows("lloyd", "centroids", centroids, dim);
  if (clusters < 1 || clusters > count)
    throw new UserError(`lloyd: centroids must number 1 to the ${count} points, got ${clusters}`);
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new UserError(`lloyd: iterations must be a positive integer, got ${iterations}`);
  let current = centroids;
  let previous: Int32Array | null = null;
  for (let round = 1; ; round++) {
    const { labels, squares } = nearestCentroids(points, dim, current);
    const inertia = squares.reduce((sum, x) => sum + x, 0);
    const settled = previous !== null && labels.every((label, i) => label === previous![i]);
    current = means(points, dim, labels, squares, clusters);
    if (settled || round === iterations) return { labels, centroids: current, inertia, iterations: round };
    previous = labels;
  }
}

/**
 * k-means with k-means++ seeds: of `restarts` runs from fresh seeds the one with the lowest inertia (the first of
 * several).
 *
 * @param points  [N, D]
 */
export function kMeans(
  points: Float32Array,
  dim: number,
  options: { clusters: number; random: Random; restarts?: number; iterations?: number },
): Clustering {
  const { clusters, random, restarts = 1, iterations = 300 } = options;
  if (!Number.isInteger(restarts) || restarts < 1)
    throw new UserError(`kMeans: restarts must be a positive integer, got ${restarts}`);
  let best: Clustering | null = null;
  for (let run = 0; run < restarts; run++) {
    const seeds = kMeansPlusPlus(points, dim, clusters, random.fork(`run ${run}`));
    const found = lloyd(points, dim, seeds, { iterations });
    if (best === null || found.inertia < best.inertia) best = found;
  }
  return best!;
}

/** The nearest centroid of each point and the squared distance to it. */
export function nearestCentroids(
  points: Float32Array,
  dim: number,
  centroids: Float32Array,
): { labels: Int32Array; squares: Float64Array } {
  const { ids, scores } = exactSearch({
    documents: centroids,
    dim,
    queries: points,
    k: 1,
    metric: "euclidean",
  });
  return { labels: ids, squares: Float64Array.from(scores, (score) => score * score) };
}

function means(
  points: Float32Array,
  dim: number,
  labels: Int32Array,
  squares: Float64Array,
  clusters: number,
): Float32Array {
  const sums = new Float64Array(clusters * dim);
  const sizes = new Int32Array(clusters);
  const move = (point: number, to: number, sign: number): void => {
    sizes[to]! += sign;
    for (let i = 0; i < dim; i++) sums[to * dim + i]! += sign * points[point * dim + i]!;
  };
  labels.forEach((label, point) => {
    move(point, label, 1);
  });
  const left = Float64Array.from(squares);
  for (let empty = 0; empty < clusters; empty++) {
    if (sizes[empty]! > 0) continue;
    let farthest = -1;
    for (let p = 0; p < left.length; p++)
      if (sizes[labels[p]!]! > 1 && left[p]! >= 0 && (farthest === -1 || left[p]! > left[farthest]!))
        farthest = p;
    if (farthest === -1) continue;
    move(farthest, labels[farthest]!, -1);
    move(farthest, empty, 1);
    left[farthest] = -1;
  }
  return Float32Array.from(sums, (sum, i) => sum / Math.max(1, sizes[Math.floor(i / dim)]!));
}

/**
 * k-means++ seeding: the first centroid is a random point, each further one a point drawn with probability in
 * proportion to its squared distance to the nearest centroid so far.
 *
 * @param points  [N, D]
 * @returns [clusters, D]; if there are fewer distinct points, some repeat
 * @see Arthur & Vassilvitskii 2007, http://ilpubs.stanford.edu:8090/778/
 */
export function kMeansPlusPlus(
  points: Float32Array,
  dim: number,
  clusters: number,
  random: Random,
): Float32Array {
  const count = checkRows("kMeansPlusPlus", "points", points, dim);
  if (!Number.isInteger(clusters) || clusters < 1 || clusters > count)
    throw new UserError(`kMeansPlusPlus: clusters must be 1 to the ${count} points, got ${clusters}`);
  const width = paddedDim(dim);
  const memory = new KernelMemory(count * (width + 1) * 4 + width * 4);
  const rows = memory.allocate(count * width * 4);
  const out = memory.allocate(count * 4);
  const point = memory.allocate(width * 4);
  const kernel = searchKernel(memory.memory);
  copyRows(points, 0, count, dim, memory.floats(rows, count * width));
  const squares = memory.floats(out, count).fill(Infinity);
  const seeds = new Float32Array(clusters * dim);
  for (let c = 0; c < clusters; c++) {
    const chosen = c === 0 ? random.int(count) : drawInProportion(squares, random);
    const vector = points.subarray(chosen * dim, (chosen + 1) * dim);
    seeds.set(vector, c * dim);
    memory.floats(point, dim).set(vector);
    kernel.lowerDistances(rows, count, width * 4, point, out);
  }
  return seeds;
}

function drawInProportion(weights: Float32Array, random: Random): number {
  let total = 0;
  for (const w of weights) total += w;
  if (!(total > 0)) return random.int(weights.length);
  let target = random.next() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! <= 0) continue;
    last = i;
    target -= weights[i]!;
    if (target < 0) break;
  }
  return last;
}
