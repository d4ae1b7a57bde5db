import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { lossPart, marginSetting } from "../loss-part.js";
import { scoredBatchLoss } from "../scored-batch-loss.js";
import { checkPositive, maskedLogSumExp, type ScoreLoss, stopGradient } from "./score-loss.js";

/** Shared with the loss of labelled items. */
export const circleSettings = {
  margin: marginSetting(0.4, "m, in units of cosine; 0.4 with γ 80 as published for retrieval"),
  gamma: z.number().positive().default(80).describe("γ, the scale of the cosines"),
};

/**
 * Circle loss: ln(1 + Σₙ exp(γ αₙ (sₙ − m)) · Σₚ exp(−γ αₚ (sₚ − 1 + m))), αₙ = max(0, sₙ + m), αₚ = max(0, 1 + m − sₚ),
 * the α without gradient.
 *
 * @see Sun et al. 2020, arXiv:2002.10857
 */
export function circle(options: { margin?: number; gamma?: number } = {}): ScoreLoss {
  const { margin = 0.4, gamma = 80 } = options;
  checkPositive("circle", "margin", margin);
  checkPositive("circle", "gamma", gamma);
  return (scores, positives, negatives) => {
    const still = stopGradient(scores);
    const pushes = tf.mul(tf.relu(tf.add(still, margin)), tf.sub(scores, margin));
    const pulls = tf.mul(tf.relu(tf.sub(1 + margin, still)), tf.sub(scores, 1 - margin));
    const total = tf.add(
      maskedLogSumExp(tf.mul(pushes, gamma), negatives),
      maskedLogSumExp(tf.mul(pulls, -gamma), positives),
    );
    return tf.softplus(total) as tf.Tensor1D;
  };
}

export const circlePart = lossPart({
  kind: "circle",
  summary: "circle loss on cosines (arXiv:2002.10857)",
  settings: circleSettings,
  make: (options) => scoredBatchLoss("circle", circle(options)),
});
