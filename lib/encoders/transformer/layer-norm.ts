import * as tf from "@tensorflow/tfjs";
import { columnSums } from "./column-sums.js";

/**
 * (x − mean) / √(variance + eps) · scale + shift over the last axis, variance with divisor D.
 *
 * @param x     [N, D]
 * @param scale [D]
 * @param shift [D]
 * @see Ba et al. 2016, arXiv:1607.06450
 */
export function layerNorm(x: tf.Tensor2D, scale: tf.Tensor1D, shift: tf.Tensor1D, eps: number): tf.Tensor2D {
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, by, plus, save] = args as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const centred = tf.sub(input, tf.mean(input, 1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), eps));
    const unit = tf.mul(centred, inverse);
    save([unit, inverse, by]);
    return {
      value: tf.add(tf.mul(unit, by), plus),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [u, inv, g] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const du = tf.mul(dy, g);
        const along = tf.mean(tf.mul(du, u), 1, true);
        const dx = tf.mul(tf.sub(tf.sub(du, tf.mean(du, 1, true)), tf.mul(u, along)), inv);
        return [dx, columnSums(tf.mul(dy, u) as tf.Tensor2D), columnSums(dy as tf.Tensor2D)];
      },
    };
  });
  return op(x, scale, shift) as tf.Tensor2D;
}
