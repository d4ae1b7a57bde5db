import { UserError } from "../files/user-error.js";
import { nearest, squaredDistances } from "./neighbours.js";

/**
 * How far the neighbours seen in a projection are neighbours in the space it was made from, 1 at best.
 * T(k) = 1 − 2 / (n k (2n − 3k − 1)) · Σᵢ Σ_{j among the k nearest of i in the projection} max(0, r(i, j) − k),
 * with r(i, j) the rank of j among i's neighbours in the original space, from 1. Ties rank to the lower index.
 *
 * @param high  original points, [n, highDim]; Euclidean distance (pass unit rows for cosine)
 * @param low   projected points, [n, lowDim]
 * @param k     neighbours looked at, below n / 2
 * @throws RangeError if the numbers of points differ or k is out of range
 * @see Venna & Kaski 2001, doi:10.1007/3-540-44668-0_68
 */
export function trustworthiness(
  high: Float32Array,
  highDim: number,
  low: Float32Array,
  lowDim: number,
  k: number,
): number {
  const n = high.length / highDim;
  if (low.length / lowDim !== n)
    throw new UserError(
      `trustworthiness: both spaces must hold the same points, got ${n} and ${low.length / lowDim}`,
    );
  if (!Number.isInteger(k) || k < 1 || k >= n / 2)
    throw new UserError(`trustworthiness: k must be an integer in [1, n / 2) for n = ${n}, got ${k}`);
  const far = new Float64Array(n);
  const near = new Float64Array(n);
  let penalty = 0;
  for (let i = 0; i < n; i++) {
    squaredDistances(high, highDim, i, far);
    squaredDistances(low, lowDim, i, near);
    for (const j of nearest(near, i, k)) penalty += Math.max(0, rankOf(far, i, j) - k);
  }
  return 1 - (2 * penalty) / (n * k * (2 * n - 3 * k - 1));
}

function rankOf(distances: Float64Array, self: number, of: number): number {
  const distance = distances[of]!;
  let rank = 1;
  for (let other = 0; other < distances.length; other++) {
    if (other === self || other === of) continue;
    if (distances[other]! < distance || (distances[other] === distance && other < of)) rank++;
  }
  return rank;
}
