import { UserError } from "../../files/user-error.js";
import { copyRows } from "../../retrieval/indexes/exact-search.js";
import { KernelMemory } from "../../retrieval/indexes/kernel-memory.js";
import { paddedDim } from "../../retrieval/indexes/query-batch.js";
import { searchKernel } from "../../retrieval/indexes/search-kernel.js";

/**
 * How far the neighbours seen in a projection are neighbours in the space it was made from, 1 at best.
 * T(k) = 1 − 2 / (m k (2n − 3k − 1)) · Σᵢ Σ_{j among the k nearest of i in the projection} max(0, r(i, j) − k),
 * with r(i, j) the rank of j among i's neighbours in the original space, from 1, i over all points (m = n) or over m of
 * them, j over all. Distances in float32; ties rank to the lower index. Time m n highDim; memory a copy of the points.
 *
 * @param high  original points, [n, highDim]; Euclidean distance (pass unit rows for cosine)
 * @param low   projected points, [n, 2]
 * @param k     neighbours looked at, below n / 2
 * @param rows  the m points whose neighbours are looked at; default: all
 * @throws RangeError if the numbers of points differ or k is out of range
 * @see Venna & Kaski 2001, doi:10.1007/3-540-44668-0_68
 */
export function trustworthiness(
  high: Float32Array,
  highDim: number,
  low: Float32Array,
  k: number,
  rows?: Int32Array,
): number {
  const n = high.length / highDim;
  if (low.length / 2 !== n)
    throw new UserError(
      `trustworthiness: both spaces must hold the same points, got ${n} and ${low.length / 2}`,
    );
  if (!Number.isInteger(k) || k < 1 || k >= n / 2)
    throw new UserError(`trustworthiness: k must be an integer in [1, n / 2) for n = ${n}, got ${k}`);
  const looked = rows ?? Int32Array.from({ length: n }, (_, i) => i);
  const distancesFrom = highDistances(high, highDim);
  const near = new Float64Array(n);
  let penalty = 0;
  for (const i of looked) {
    const far = distancesFrom(i);
    for (let j = 0; j < n; j++)
      near[j] = (low[2 * j]! - low[2 * i]!) ** 2 + (low[2 * j + 1]! - low[2 * i + 1]!) ** 2;
    for (const rank of ranks(far, i, nearest(near, i, k))) penalty += Math.max(0, rank - k);
  }
  return 1 - (2 * penalty) / (looked.length * k * (2 * n - 3 * k - 1));
}

/** Squared distances of all points to one of them, by the search kernels; the answer is overwritten by the next. */
function highDistances(points: Float32Array, dim: number): (row: number) => Float32Array {
  const n = points.length / dim;
  const width = paddedDim(dim);
  const memory = new KernelMemory((n * width + n) * 4 + 256);
  const at = memory.allocate(n * width * 4);
  const out = memory.allocate(n * 4);
  copyRows(points, 0, n, dim, memory.floats(at, n * width));
  const kernel = searchKernel(memory.memory);
  const distances = memory.floats(out, n);
  return (row) => {
    distances.fill(Number.POSITIVE_INFINITY);
    kernel.lowerDistances(at, n, width * 4, at + row * width * 4, out);
    return distances;
  };
}

/** Rank of each of `sought` among all others by distance from `self`, from 1. */
function ranks(distances: Float32Array, self: number, sought: readonly number[]): number[] {
  const found = sought.map(() => 1);
  const farthest = Math.max(...sought.map((of) => distances[of]!));
  for (let other = 0; other < distances.length; other++) {
    const distance = distances[other]!;
    if (distance > farthest || other === self) continue;
    for (let s = 0; s < sought.length; s++) {
      const of = sought[s]!;
      if (distance < distances[of]! || (distance === distances[of]! && other < of)) found[s]!++;
    }
  }
  return found;
}

/** The k smallest entries other than `self`, ascending, ties to the lower index. */
function nearest(distances: Float64Array, self: number, k: number): number[] {
  const found: number[] = [];
  let bound = Number.POSITIVE_INFINITY;
  for (let other = 0; other < distances.length; other++) {
    const distance = distances[other]!;
    if (other === self || (found.length === k && distance >= bound)) continue;
    let at = found.length;
    while (at > 0 && distance < distances[found[at - 1]!]!) at--;
    found.splice(at, 0, other);
    if (found.length > k) found.pop();
    bound = distances[found[found.length - 1]!]!;
  }
  return found;
}
