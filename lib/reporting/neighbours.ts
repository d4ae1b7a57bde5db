import { UserError } from "../files/user-error.js";

/** Squared Euclidean distances of row i to every row of `points` `[n, dim]`, written to `out` `[n]`. */
export function squaredDistances(points: Float32Array, dim: number, row: number, out: Float64Array): void {
  const start = row * dim;
  for (let other = 0; other < out.length; other++) {
    const from = other * dim;
    let sum = 0;
    for (let d = 0; d < dim; d++) {
      const difference = points[start + d]! - points[from + d]!;
      sum += difference * difference;
    }
    out[other] = sum;
  }
}

/**
 * The k smallest entries of `distances` other than `self`, ascending, ties to the lower index.
 *
 * @throws RangeError if there are fewer than k others
 */
export function nearest(distances: Float64Array, self: number, k: number): number[] {
  if (k > distances.length - 1)
    throw new UserError(`nearest: k must be below the number of points (${distances.length}), got ${k}`);
  const found: number[] = [];
  for (let other = 0; other < distances.length; other++) {
    if (other === self) continue;
    const distance = distances[other]!;
    if (found.length === k && distance >= distances[found[k - 1]!]!) continue;
    let at = found.length;
    while (at > 0 && distance < distances[found[at - 1]!]!) at--;
    found.splice(at, 0, other);
    if (found.length > k) found.pop();
  }
  return found;
}
