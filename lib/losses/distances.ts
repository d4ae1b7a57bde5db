import * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import { unitRows } from "./cosine.js";

export type Distance = "cosine" | "euclidean" | "sqeuclidean";

/** Names of {@link Distance}. */
const distanceNames: readonly Distance[] = ["cosine", "euclidean", "sqeuclidean"];

/**
 * d_ij between the rows of a [N, D] and b [M, D]: 1 − cos, Euclidean, or its square; [N, M].
 * The square is |a|² + |b|² − 2ab, clamped at 0 and good to 1e-6 of |a|² + |b|²; the Euclidean distance has gradient 0
 * where the square is below 1e-12.
 *
 * @throws RangeError for an unknown distance
 */
export function distanceMatrix(a: tf.Tensor2D, b: tf.Tensor2D, distance: Distance): tf.Tensor2D {
  if (!distanceNames.includes(distance))
    throw new UserError(`unknown distance "${distance}"; known: ${distanceNames.join(", ")}`);
  if (distance === "cosine") return tf.sub(1, tf.matMul(unitRows(a), unitRows(b), false, true));
  const squares = tf.add(tf.sum(tf.square(a), 1, true), tf.reshape(tf.sum(tf.square(b), 1), [1, b.shape[0]]));
  const square = tf.relu(tf.sub(squares, tf.mul(tf.matMul(a, b, false, true), 2))) as tf.Tensor2D;
  return distance === "sqeuclidean" ? square : (tf.sqrt(tf.maximum(square, 1e-12)) as tf.Tensor2D);
}

/**
 * The entries (rows[t], columns[t]) of a matrix, [T]; repeats allowed. Its gradient is summed in plain loops, because the
 * wasm backend has no scatter.
 */
export function entriesOf(
  matrix: tf.Tensor2D,
  rows: ArrayLike<number>,
  columns: ArrayLike<number>,
): tf.Tensor1D {
  const width = matrix.shape[1];
  const cells = Int32Array.from({ length: rows.length }, (_, t) => rows[t]! * width + columns[t]!);
  const pick = tf.customGrad((input) => {
    const values = (input as tf.Tensor).dataSync();
    return {
      value: tf.tensor1d(Float32Array.from(cells, (cell) => values[cell]!)),
      gradFunc: (dy: tf.Tensor) => {
        const slopes = dy.dataSync();
        const out = new Float32Array(matrix.size);
        for (let t = 0; t < cells.length; t++) out[cells[t]!]! += slopes[t]!;
        return tf.tensor2d(out, matrix.shape);
      },
    };
  });
  return pick(matrix) as tf.Tensor1D;
}
