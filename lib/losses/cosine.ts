import * as tf from "@tensorflow/tfjs";
import { heapUnitRows } from "../engine/ops/cosine-ops.js";
import { wasmHeap } from "../engine/wasm-heap.js";

/** Norms below this are replaced by it. */
const minimalNorm = 1e-8;

/**
 * Rows divided by max(norm, 1e-8). The gradient at a row shorter than that is gradient / 1e-8, and finite at zero
 * (tfjs's own chain through the square root would give NaN there).
 *
 * @param x [B, D]
 * @returns [B, D]
 */
export function unitRows(x: tf.Tensor2D): tf.Tensor2D {
  const heap = wasmHeap();
  if (heap) return heapUnitRows(heap, x);
  const op = tf.customGrad((input, save) => {
    const norms = tf.maximum(tf.sqrt(tf.sum(tf.square(input as tf.Tensor), 1, true)), minimalNorm);
    const unit = tf.div(input as tf.Tensor, norms);
    (save as tf.GradSaveFunc)([unit, norms]);
    return {
      value: unit,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, n] = saved as [tf.Tensor, tf.Tensor];
        const along = tf.sum(tf.mul(y, dy), 1, true);
        // below the minimal norm the divisor is constant: no component to take away
        const free = tf.cast(tf.greater(n, minimalNorm), "float32");
        return tf.div(tf.sub(dy, tf.mul(y, tf.mul(along, free))), n);
      },
    };
  });
  return op(x) as tf.Tensor2D;
}

/** c_ij = cos(query i, document j), [B, B]; norms below 1e-8 count as 1e-8. */
export function cosineMatrix(queries: tf.Tensor2D, documents: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(unitRows(queries), unitRows(documents), false, true);
}
