import * as tf from "@tensorflow/tfjs";
import { tracing } from "../../engine/jit/tracing.js";
import type { LossValue } from "../loss.js";
import { maskedLogSumExp } from "../scores/score-loss.js";

/** Mean of the terms, 0 of none. */
export function meanOf(perExample: tf.Tensor1D): LossValue {
  const count = Math.max(1, perExample.size);
  return { value: tf.div(tf.sum(perExample), count) as tf.Scalar, perExample };
}

/** Mean of the terms above 0; 0 if there are none. */
export function meanAboveZero(perExample: tf.Tensor1D): LossValue {
  const counted = tf.maximum(tf.sum(tf.step(perExample)), 1);
  return { value: tf.div(tf.sum(perExample), counted) as tf.Scalar, perExample };
}

/** Two losses of different terms as one. */
export function sumOf(a: LossValue, b: LossValue): LossValue {
  return {
    value: tf.add(a.value, b.value) as tf.Scalar,
    perExample: tf.concat1d([a.perExample, b.perExample]),
  };
}

/** Value 0 and gradient 0, for batches in which there is nothing to compare. */
export function zeroLoss(embeddings: tf.Tensor2D): LossValue {
  const perExample = tf.mul(tf.sum(embeddings, 1), 0) as tf.Tensor1D;
  return { value: tf.sum(perExample) as tf.Scalar, perExample };
}

/** How often each cell (rows[t], columns[t]) occurs, [N, M]. */
export function cellCounts(
  rows: ArrayLike<number>,
  columns: ArrayLike<number>,
  shape: [number, number],
): tf.Tensor2D {
  const counts = new Float32Array(shape[0] * shape[1]);
  for (let t = 0; t < rows.length; t++) counts[rows[t]! * shape[1] + columns[t]!]! += 1;
  return tf.tensor2d(counts, shape);
}

/** log Σ count · exp(x) of each row, [N]; about −1e9 where all counts are 0. */
export function countedLogSumExp(x: tf.Tensor2D, counts: tf.Tensor2D): tf.Tensor1D {
  return maskedLogSumExp(tf.add(x, tf.log(tf.maximum(counts, 1))), tf.step(counts));
}

/** The same, but 0 for rows without a cell. */
export function logSumExpOrZero(x: tf.Tensor2D, counts: tf.Tensor2D): tf.Tensor1D {
  const some = tf.minimum(tf.sum(counts, 1), 1);
  return tf.mul(countedLogSumExp(x, counts), some) as tf.Tensor1D;
}

/** The entries at positions of a vector, [T]; its gradient is summed in plain loops. */
export function entriesAt(vector: tf.Tensor1D, positions: ArrayLike<number>): tf.Tensor1D {
  const at = Int32Array.from(positions);
  if (tracing()) return tf.gather(vector, tf.tensor1d(at, "int32")) as tf.Tensor1D;
  const pick = tf.customGrad((input) => {
    const values = (input as tf.Tensor).dataSync();
    return {
      value: tf.tensor1d(Float32Array.from(at, (i) => values[i]!)),
      gradFunc: (dy: tf.Tensor) => {
        const slopes = dy.dataSync();
        const out = new Float32Array(vector.size);
        for (let t = 0; t < at.length; t++) out[at[t]!]! += slopes[t]!;
        return tf.tensor1d(out);
      },
    };
  });
  return pick(vector) as tf.Tensor1D;
}
