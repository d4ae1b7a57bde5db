import * as tf from "@tensorflow/tfjs";
import { logSumExpRows } from "../../../engine/ops/maxima.js";

/**
 * Cross-entropy of predicting token t + 1 at position t, in nats: targets that are padding contribute nothing; summed
 * over time, averaged over the captions.
 *
 * @param logits [B, T − 1, V], predictions at positions 0 … T − 2
 * @param tokens B lists of T ids
 * @see specs/3-kdd-multimodal-recall.md section 6
 */
export function captionLoss(
  logits: tf.Tensor3D,
  tokens: readonly (readonly number[])[],
  padId = 0,
): tf.Scalar {
  return tf.div(tf.sum(captionTerms(logits, tokens, padId)), tokens.length) as tf.Scalar;
}

/** The terms of {@link captionLoss}, caption by caption, position by position: [B · (T − 1)], 0 at padding. */
export function captionTerms(
  logits: tf.Tensor3D,
  tokens: readonly (readonly number[])[],
  padId = 0,
): tf.Tensor1D {
  const [batch, steps, vocabulary] = logits.shape;
  const targets = new Float32Array(batch * steps * vocabulary);
  const real = new Float32Array(batch * steps);
  for (let row = 0; row < batch; row++)
    for (let t = 0; t < steps; t++) {
      const id = tokens[row]![t + 1] ?? padId;
      if (id === padId) continue;
      targets[(row * steps + t) * vocabulary + id] = 1;
      real[row * steps + t] = 1;
    }
  const flat = tf.reshape(logits, [batch * steps, vocabulary]) as tf.Tensor2D;
  const own = tf.sum(tf.mul(flat, tf.tensor2d(targets, [batch * steps, vocabulary])), 1);
  return tf.mul(tf.sub(logSumExpRows(flat), own), tf.tensor1d(real)) as tf.Tensor1D;
}
