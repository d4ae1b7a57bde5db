import * as tf from "@tensorflow/tfjs";
import { lossPart, marginSetting, similaritySetting, temperatureSetting } from "../loss-part.js";
import { scoredBatchLoss } from "../scored-batch-loss.js";
import { checkCube, checkPositive, hasAny, maskedMean, onlyPositive, type ScoreLoss } from "./score-loss.js";

/**
 * Pairwise logistic loss (RankNet): mean over the pairs (p, n) of a row of ln(1 + exp((sₙ − sₚ)/τ)).
 *
 * @see Burges et al. 2005, doi:10.1145/1102351.1102363
 */
export function pairwiseLogistic(temperature: number): ScoreLoss {
  checkPositive("pairwiseLogistic", "temperature", temperature);
  return pairwise((difference) => tf.softplus(tf.div(difference, temperature)));
}

/** Pairwise hinge loss: mean over the pairs (p, n) of a row of max(0, sₙ − sₚ + m). */
export function pairwiseHinge(margin: number): ScoreLoss {
  checkPositive("pairwiseHinge", "margin", margin);
  return pairwise((difference) => tf.relu(tf.add(difference, margin)));
}

/** Mean over the pairs (p, n) of a row of f(sₙ − sₚ). */
function pairwise(f: (difference: tf.Tensor) => tf.Tensor): ScoreLoss {
  return (scores, positives, negatives) => {
    const own = onlyPositive(scores, positives);
    if (own) return tf.mul(maskedMean(f(tf.sub(scores, own)) as tf.Tensor2D, negatives), hasAny(positives));
    const [rows, columns] = scores.shape;
    checkCube("pairwise loss", rows, columns);
    const difference = tf.sub(tf.reshape(scores, [rows, 1, columns]), tf.reshape(scores, [rows, columns, 1]));
    const pairs = tf.mul(
      tf.reshape(positives, [rows, columns, 1]),
      tf.reshape(negatives, [rows, 1, columns]),
    );
    const cells = [rows, columns * columns] as [number, number];
    return maskedMean(tf.reshape(f(difference), cells), tf.reshape(pairs, cells));
  };
}

export const pairwiseLogisticPart = lossPart({
  kind: "pairwise_logistic",
  summary: "logistic loss of score differences (RankNet, doi:10.1145/1102351.1102363)",
  settings: { temperature: temperatureSetting(), similarity: similaritySetting },
  make: ({ temperature, similarity }) =>
    scoredBatchLoss("pairwise_logistic", pairwiseLogistic(temperature), {
      similarity,
      logQScale: temperature,
    }),
});

export const pairwiseHingePart = lossPart({
  kind: "pairwise_hinge",
  summary: "hinge loss of score differences",
  settings: { margin: marginSetting(0.3, "m, in units of the score"), similarity: similaritySetting },
  make: ({ margin, similarity }) => scoredBatchLoss("pairwise_hinge", pairwiseHinge(margin), { similarity }),
});
