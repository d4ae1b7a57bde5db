import * as tf from "@tensorflow/tfjs";

/** Added to scores before a softmax, [rows, maxLength]: 0, or −1e9 at padding, where position ≥ length. */
export function maskBias(lengths: ArrayLike<number>, maxLength: number): tf.Tensor2D {
  const values = new Float32Array(lengths.length * maxLength);
  for (let row = 0; row < lengths.length; row++)
    values.fill(-1e9, row * maxLength + Math.min(maxLength, lengths[row]!), (row + 1) * maxLength);
  return tf.tensor2d(values, [lengths.length, maxLength]);
}

/**
 * Softmax over the last axis without padding, which gets 0.
 *
 * @param bias  0 or −1e9, of the scores' shape or one that broadcasts to it; a row that is all padding is uniform
 */
export function maskedSoftmax(scores: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.softmax(tf.add(scores, bias));
}
