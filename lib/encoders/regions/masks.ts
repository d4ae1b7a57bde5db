import * as tf from "@tensorflow/tfjs";

/** [rows][maxLength], true where a position is padding: position ≥ length. */
export function lengthMask(lengths: ArrayLike<number>, maxLength: number): boolean[][] {
  return Array.from({ length: lengths.length }, (_, row) =>
    Array.from({ length: maxLength }, (_, position) => position >= lengths[row]!),
  );
}

/** {@link lengthMask} as numbers to add to scores before a softmax, [rows, maxLength]: 0, or −1e9 at padding. */
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
