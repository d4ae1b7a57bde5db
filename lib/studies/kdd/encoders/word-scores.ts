import * as tf from "@tensorflow/tfjs";
import { maskedSoftmax } from "../../../encoders/regions/masks.js";
import { maxOverFew } from "../../../engine/ops/maxima.js";

/** max over heads of ⟨word, head⟩ for pairs: [B, T, D] words and [B, H, D] heads → [B, T] */
export function bestHeads(words: tf.Tensor3D, heads: tf.Tensor3D): tf.Tensor2D {
  return maxOverFew(tf.matMul(words, heads, false, true), 2) as tf.Tensor2D;
}

/** max over heads of ⟨word, head⟩ for every query with every picture: [Q, T, D] and [I, H, D] → [Q, I, T] */
export function bestHeadsCross(words: tf.Tensor3D, heads: tf.Tensor3D): tf.Tensor3D {
  const [queries, length, dim] = words.shape;
  const [images, count] = heads.shape;
  const products = tf.matMul(
    tf.reshape(words, [queries * length, dim]),
    tf.reshape(heads, [images * count, dim]),
    false,
    true,
  );
  const best = maxOverFew(tf.reshape(products, [queries, length, images, count]), 3);
  return tf.transpose(best, [0, 2, 1]) as tf.Tensor3D;
}

/**
 * Σ over words of softmax(logits) · match, without padding.
 *
 * @param matches [.., T], logits [.., T], bias [.., T] or broadcasting to it (0, or −1e9 at padding)
 * @returns [..]; 0 for a row whose words are all padding is the caller's to see to
 */
export function weightedScore(matches: tf.Tensor, logits: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.sum(tf.mul(maskedSoftmax(logits, bias), matches), -1);
}

/** Mean over real words of the best matches, [B]: what the learned weights are to improve; 0 without words. */
export function meanScore(matches: tf.Tensor2D, lengths: ArrayLike<number>): tf.Tensor1D {
  const [batch, length] = matches.shape;
  const shares = new Float32Array(batch * length);
  for (let row = 0; row < batch; row++)
    shares.fill(1 / Math.max(1, lengths[row]!), row * length, row * length + lengths[row]!);
  return tf.sum(tf.mul(matches, tf.tensor2d(shares, [batch, length])), 1) as tf.Tensor1D;
}
