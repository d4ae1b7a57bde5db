import * as tf from "@tensorflow/tfjs";
import { tracing } from "../engine/jit/tracing.js";
import { UserError } from "../files/user-error.js";
import { unitRows } from "./cosine.js";

export type Distance = "cosine" | "euclidean" | "sqeuclidean";

/** Names of {@link Distance}. */
const distanceNames: readonly Distance[] = ["cosine", "euclidean", "sqeuclidean"];

/**
 * d_ij between the rows of a [N, D] and b [M, D]: 1 − cos, Euclidean, or its square; [N, M].
 * The square is |a|² + |b|² − 2ab, clamped at 0 and good to 1e-6 of |a|² + |b|²; where it is smaller than 1e-5 of that, as
 * between copies, it is computed anew from the differences. The Euclidean distance has gradient 0 where the square is below
 * 1e-12.
 *
 * @throws RangeError for an unknown distance
 */
export function distanceMatrix(a: tf.Tensor2D, b: tf.Tensor2D, distance: Distance): tf.Tensor2D {
  if (!distanceNames.includes(distance))
    throw new UserError(`unknown distance "${distance}"; known: ${distanceNames.join(", ")}`);
  if (distance === "cosine") return tf.sub(1, tf.matMul(unitRows(a), unitRows(b), false, true));
  const squares = tf.add(tf.sum(tf.square(a), 1, true), tf.reshape(tf.sum(tf.square(b), 1), [1, b.shape[0]]));
  const crossed = tf.relu(tf.sub(squares, tf.mul(tf.matMul(a, b, false, true), 2))) as tf.Tensor2D;
  const square = withExactCopies(crossed, a, b);
  if (distance === "sqeuclidean") return square;
  const apart = tf.step(tf.sub(square, 1e-12)); // a copy's distance is 0, with gradient 0
  return tf.mul(tf.sqrt(tf.maximum(square, 1e-12)), apart);
}

/** Squares that cancellation left without digits, replaced by those of the differences; gradients are the same. */
function withExactCopies(squares: tf.Tensor2D, a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const repair = tf.customGrad((input) => {
    const [values, left, right] = [input as tf.Tensor, a, b].map((x) => x.dataSync() as Float32Array);
    const [size, columns] = squares.shape;
    const width = a.shape[1];
    const norms = (x: Float32Array, rows: number) =>
      Float64Array.from({ length: rows }, (_, i) => {
        let sum = 0;
        for (let k = i * width; k < (i + 1) * width; k++) sum += x[k]! * x[k]!;
        return sum;
      });
    const [ofLeft, ofRight] = [norms(left!, size), norms(right!, columns)];
    let out: Float32Array | null = null;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < columns; j++) {
        if (values![i * columns + j]! > 1e-5 * (ofLeft[i]! + ofRight[j]!)) continue;
        let sum = 0;
        for (let k = 0; k < width; k++) sum += (left![i * width + k]! - right![j * width + k]!) ** 2;
        out ??= Float32Array.from(values!);
        out[i * columns + j] = sum;
      }
    return {
      value: out ? tf.tensor2d(out, squares.shape) : tf.clone(input as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => tf.clone(dy),
    };
  });
  return repair(squares) as tf.Tensor2D;
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
  if (tracing())
    return tf.gather(tf.reshape(matrix, [matrix.size]), tf.tensor1d(cells, "int32")) as tf.Tensor1D;
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
