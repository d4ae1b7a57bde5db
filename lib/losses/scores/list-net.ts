import * as tf from "@tensorflow/tfjs";
import { lossPart, similaritySetting, temperatureSetting } from "../loss-part.js";
import { scoredBatchLoss } from "../scored-batch-loss.js";
import { checkPositive, hasAny, maskedLogSumExp, type ScoreLoss } from "./score-loss.js";

/**
 * ListNet, top-1 form: cross-entropy between the grades, divided by their sum, and softmax(s/τ) over the marked
 * candidates. ℓᵢ = −Σⱼ gᵢⱼ/(Σₖ gᵢₖ) · log softmax(sᵢ/τ)ⱼ
 *
 * The positives may hold any grade > 0. With equal grades it is the softmax cross-entropy of softmaxScores;
 * the original normalises the grades by a softmax instead.
 *
 * @see Cao et al. 2007, doi:10.1145/1273496.1273513
 */
export function listNet(temperature: number): ScoreLoss {
  checkPositive("listNet", "temperature", temperature);
  return (scores, grades, negatives) => {
    const logits = tf.div(scores, temperature) as tf.Tensor2D;
    const marked = tf.cast(tf.greater(grades, 0), "float32") as tf.Tensor2D;
    const total = maskedLogSumExp(logits, tf.add(marked, negatives));
    const sum = tf.sum(grades, 1);
    const expected = tf.div(tf.sum(tf.mul(logits, grades), 1), tf.maximum(sum, 1e-12));
    return tf.mul(tf.sub(total, expected), hasAny(marked)) as tf.Tensor1D;
  };
}

export const listNetPart = lossPart({
  kind: "list_net",
  summary: "cross-entropy between grades and scores, top-1 form (doi:10.1145/1273496.1273513)",
  settings: { temperature: temperatureSetting(), similarity: similaritySetting },
  make: ({ temperature, similarity }) =>
    scoredBatchLoss("list_net", listNet(temperature), {
      similarity,
      logQScale: temperature,
      readsGrades: true,
    }),
});
