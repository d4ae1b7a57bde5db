import * as tf from "@tensorflow/tfjs";
import { checkPositive, hasAny, maskedLogSumExp, maskedMean, type ScoreLoss } from "./score-loss.js";

/**
 * Softmax cross-entropy, averaged over the positives of a row (SupCon's outer form; with one positive: InfoNCE).
 * ℓᵢ = mean over p of log Σ_{a ∈ positives ∪ negatives} exp(sᵢₐ/τ) − sᵢₚ/τ
 *
 * @see Khosla et al. 2020, arXiv:2004.11362
 */
export function softmaxScores(temperature: number): ScoreLoss {
  checkPositive("softmaxScores", "temperature", temperature);
  return (scores, positives, negatives) => {
    const logits = tf.div(scores, temperature) as tf.Tensor2D;
    const total = maskedLogSumExp(logits, tf.add(positives, negatives));
    return tf.mul(tf.sub(total, maskedMean(logits, positives)), hasAny(positives)) as tf.Tensor1D;
  };
}
