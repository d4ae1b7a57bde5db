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
 * @param counted  first so many rows that count, where others fill up the batch; null: all
 * @see specs/3-kdd-multimodal-recall.md section 7
 */
export function pairRanking(
  { positive, negativeImage, negativeQuery }: PairScores,
  inBatch: tf.Tensor2D,
  contrastive: ContrastiveOptions,
  counted: number | null = null,
): { manual: tf.Scalar; hard: tf.Scalar; total: tf.Scalar } {
  const { margin } = contrastive;
  const term = (negative: tf.Tensor1D) =>
    meanOfCounted(tf.relu(tf.add(tf.sub(negative, positive), margin)), counted);
  const manual = tf.add(term(negativeImage), term(negativeQuery)) as tf.Scalar;
  const hard = inBatch.shape[0] < 2 ? tf.scalar(0) : contrastiveScores(inBatch, contrastive, counted);
  return { manual, hard, total: tf.add(manual, hard) as tf.Scalar };
}

/**
 * Model 2's objective: binary cross-entropy on logits over the three kinds of pairs together, targets 1, 0 and 0.
 *
 * @param counted  first so many rows that count, where others fill up the batch; null: all
 * @see specs/3-kdd-multimodal-recall.md section 8
 */
export function pairBce(
  { positive, negativeImage, negativeQuery }: PairScores,
  counted: number | null = null,
): tf.Scalar {
  if (counted !== null) {
    const terms = [tf.neg(positive), negativeQuery, negativeImage].map((x) => tf.softplus(x));
    return tf.div(meanOfCounted(tf.addN(terms), counted), 3) as tf.Scalar;
  }
  const terms = tf.concat1d([
    tf.softplus(tf.neg(positive)),
    tf.softplus(negativeQuery),
    tf.softplus(negativeImage),
  ]);
  return tf.mean(terms) as tf.Scalar;
}

/** Mean of the first `counted` of a vector's entries; null: of all. */
function meanOfCounted(x: tf.Tensor, counted: number | null): tf.Tensor {
  if (counted === null) return tf.mean(x);
  const shares = Float32Array.from({ length: x.size }, (_, row) => (row < counted ? 1 / counted : 0));
  return tf.sum(tf.mul(x, tf.tensor1d(shares)));
}
