import * as tf from "@tensorflow/tfjs";
import { columnSums } from "./column-sums.js";

/**
 * x · weightᵀ + bias, with the gradient written out so that no product takes the slow way through the tape.
 *
 * @param x      [N, in]
 * @param weight [out, in], as PyTorch stores it
 * @param bias   [out]
 * @returns [N, out]
 */
export function denseRows(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, w, b, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    save([input, w]);
    return {
      value: tf.add(tf.matMul(input, w, false, true), b),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [from, by] = saved as [tf.Tensor2D, tf.Tensor2D];
        const rows = dy as tf.Tensor2D;
        return [tf.matMul(rows, by), tf.matMul(rows, from, true, false), columnSums(rows)];
      },
    };
  });
  return op(x, weight, bias) as tf.Tensor2D;
}
