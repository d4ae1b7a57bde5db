import * as tf from "@tensorflow/tfjs";

/**
 * Sum over rows, as a product with a row of ones: wasm's own sum over the first axis turns the matrix round before.
 *
 * @param x [N, D]
 * @returns [D]
 */
export function columnSums(x: tf.Tensor2D): tf.Tensor1D {
  const [rows, columns] = x.shape;
  return tf.reshape(tf.matMul(tf.ones([1, rows]) as tf.Tensor2D, x), [columns]);
}
