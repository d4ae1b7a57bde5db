/**
 * Coordinates of points on their first two principal axes, `[n, 2]`, scaled so that the largest absolute value is 10:
 * where a UMAP layout starts, so that its coarse arrangement is the data's and not the seed's. Axes by power iteration
 * with deflation on the covariance, from a fixed start; the sign is chosen so that the largest entry is positive.
 * Points that do not vary give zeros.
 *
 * @param points  [n, dim], dim ≥ 2; not changed
 */
export function principalPlane(points: Float32Array, dim: number): Float32Array {
  const result = onPlane(points, dim, principalAxes(points, dim));
  let largest = 0;
  for (const value of result) largest = Math.max(largest, Math.abs(value));
  return largest > 0 ? result.map((value) => (10 * value) / largest) : result;
}

/** A plane in the space of points: two axes of length 1 through a middle. */
export interface Plane {
  /** [dim] */
  middle: Float64Array;
  /** [dim] each */
  axes: readonly [Float64Array, Float64Array];
}

/** The mean of points and their first two principal axes, see {@link principalPlane}. */
export function principalAxes(points: Float32Array, dim: number): Plane {
  const middle = meanOf(points, dim);
  const covariance = covarianceOf(points, dim, middle);
  const first = leadingAxis(covariance, dim);
  for (let a = 0; a < dim; a++)
    for (let b = 0; b < dim; b++)
      covariance[a * dim + b]! -= first.value * first.vector[a]! * first.vector[b]!;
  return { middle, axes: [first.vector, leadingAxis(covariance, dim).vector] };
}

/** Coordinates of points on a plane, `[n, 2]`. */
export function onPlane(points: Float32Array, dim: number, { middle, axes }: Plane): Float32Array {
  const n = points.length / dim;
  const result = new Float32Array(n * 2);
  for (const [axis, vector] of axes.entries())
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += (points[i * dim + d]! - middle[d]!) * vector[d]!;
      result[i * 2 + axis] = sum;
    }
  return result;
}

function meanOf(points: Float32Array, dim: number): Float64Array {
  const n = points.length / dim;
  const mean = new Float64Array(dim);
  for (let from = 0; from < points.length; from += dim)
    for (let d = 0; d < dim; d++) mean[d]! += points[from + d]! / n;
  return mean;
}

function covarianceOf(points: Float32Array, dim: number, mean: Float64Array): Float64Array {
  const n = points.length / dim;
  const covariance = new Float64Array(dim * dim);
  const row = new Float64Array(dim);
  for (let i = 0; i < n; i++) {
    for (let d = 0; d < dim; d++) row[d] = points[i * dim + d]! - mean[d]!;
    for (let a = 0; a < dim; a++) {
      const scaled = row[a]! / n;
      const from = a * dim;
      for (let b = a; b < dim; b++) covariance[from + b]! += scaled * row[b]!;
    }
  }
  for (let a = 0; a < dim; a++)
    for (let b = 0; b < a; b++) covariance[a * dim + b] = covariance[b * dim + a]!;
  return covariance;
}

function leadingAxis(matrix: Float64Array, dim: number): { vector: Float64Array; value: number } {
  let vector = Float64Array.from({ length: dim }, (_, d) => 1 + d / dim);
  let value = 0;
  for (let iteration = 0; iteration < 200; iteration++) {
    const next = new Float64Array(dim);
    for (let a = 0; a < dim; a++) for (let b = 0; b < dim; b++) next[a]! += matrix[a * dim + b]! * vector[b]!;
    const norm = Math.hypot(...next);
    if (norm < 1e-12) return { vector: new Float64Array(dim), value: 0 };
    const previous = value;
    value = norm;
    vector = next.map((x) => x / norm);
    if (Math.abs(value - previous) <= 1e-9 * value) break;
  }
  const largest = vector.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0);
  return { vector: largest < 0 ? vector.map((x) => -x) : vector, value };
}
