import * as tf from "@tensorflow/tfjs";

/**
 * x · weight + bias, then max(0, ·) if `relu`. Differentiable in all three.
 *
 * @param x      [B, K]
 * @param weight [K, N]
 * @param bias   [N]
 * @returns [B, N]
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D, relu: boolean): tf.Tensor2D {
  const y = tf.add(tf.matMul(x, weight), bias) as tf.Tensor2D;
  return relu ? tf.relu(y) : y;
}
