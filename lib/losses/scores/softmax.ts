import * as tf from "@tensorflow/tfjs";
import { lossPart, similaritySetting, temperatureSetting } from "../loss-part.js";
import { scoredBatchLoss } from "../scored-batch-loss.js";
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

export const softmaxScoresPart = lossPart({
  kind: "softmax",
  summary: "softmax cross-entropy over the candidates of each query",
  settings: { temperature: temperatureSetting(), similarity: similaritySetting },
  make: ({ temperature, similarity }) =>
    scoredBatchLoss("softmax", softmaxScores(temperature), { similarity, logQScale: temperature }),
});
