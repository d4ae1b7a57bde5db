import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";

/**
 * The first `count` principal axes of rows about the origin (not about their mean: scores are dot products), by subspace
 * iteration: orthonormal, [count, dim].
 *
 * @param rows [n, dim]; n ≥ 1
 */
export function principalAxes(
  rows: Float32Array,
  dim: number,
  count: number,
  random: Random,
  iterations = 12,
): Float32Array {
  const moments = tf.tidy(() => {
    const matrix = tf.tensor2d(rows, [rows.length / dim, dim]);
    return tf.matMul(matrix, matrix, true, false).dataSync() as Float32Array;
  });
  let axes = Float64Array.from({ length: count * dim }, () => random.normal());
  orthonormalise(axes, dim, count);
  for (let round = 0; round < iterations; round++) {
    const next = new Float64Array(count * dim);
    for (let k = 0; k < count; k++)
      for (let a = 0; a < dim; a++) {
        const weight = axes[k * dim + a]!;
        for (let b = 0; b < dim; b++) next[k * dim + b]! += weight * moments[a * dim + b]!;
      }
    // directions without any variance keep their random start
    for (let i = 0; i < next.length; i++) next[i]! += 1e-9 * axes[i]!;
    axes = next;
    orthonormalise(axes, dim, count);
  }
  return Float32Array.from(axes);
}

/** Modified Gram–Schmidt on rows. */
function orthonormalise(axes: Float64Array, dim: number, count: number): void {
  for (let k = 0; k < count; k++) {
    for (let other = 0; other < k; other++) {
      let product = 0;
      for (let d = 0; d < dim; d++) product += axes[k * dim + d]! * axes[other * dim + d]!;
      for (let d = 0; d < dim; d++) axes[k * dim + d]! -= product * axes[other * dim + d]!;
    }
    let square = 0;
    for (let d = 0; d < dim; d++) square += axes[k * dim + d]! ** 2;
    const scale = 1 / Math.sqrt(Math.max(square, 1e-300));
    for (let d = 0; d < dim; d++) axes[k * dim + d]! *= scale;
  }
}
