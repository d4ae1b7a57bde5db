import * as tf from "@tensorflow/tfjs";
import { type ContrastiveOptions, contrastiveScores } from "./contrastive-scores.js";

/** Scores of B queries: with their product, with a negative product, and of their product with a negative query. */
export interface PairScores {
  positive: tf.Tensor1D;
  negativeImage: tf.Tensor1D;
  negativeQuery: tf.Tensor1D;
}

/**
 * Model 1's objective: two margin ranking terms and a contrastive term over the batch.
 * mean max(0, m − (s⁺ − s₁)) + mean max(0, m − (s⁺ − s₂)) + contrastive(S)
 *
 * @param inBatch [B, B], every query with every product of the batch; a batch of one has no such term
 * @param contrastive its margin is m; as published hinge, hardest, mean
 * @see specs/3-kdd-multimodal-recall.md section 7
 */
export function pairRanking(
  { positive, negativeImage, negativeQuery }: PairScores,
  inBatch: tf.Tensor2D,
  contrastive: ContrastiveOptions,
): { manual: tf.Scalar; hard: tf.Scalar; total: tf.Scalar } {
  const { margin } = contrastive;
  const term = (negative: tf.Tensor1D) => tf.mean(tf.relu(tf.add(tf.sub(negative, positive), margin)));
  const manual = tf.add(term(negativeImage), term(negativeQuery)) as tf.Scalar;
  const hard = inBatch.shape[0] < 2 ? tf.scalar(0) : contrastiveScores(inBatch, contrastive);
  return { manual, hard, total: tf.add(manual, hard) as tf.Scalar };
}

/**
 * Model 2's objective: binary cross-entropy on logits over the three kinds of pairs together, targets 1, 0 and 0.
 *
 * @see specs/3-kdd-multimodal-recall.md section 8
 */
export function pairBce({ positive, negativeImage, negativeQuery }: PairScores): tf.Scalar {
  const terms = tf.concat1d([
    tf.softplus(tf.neg(positive)),
    tf.softplus(negativeQuery),
    tf.softplus(negativeImage),
  ]);
  return tf.mean(terms) as tf.Scalar;
}
