import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { lossPart, similaritySetting, temperatureSetting } from "../loss-part.js";
import { scoredBatchLoss } from "../scored-batch-loss.js";
import { checkPositive, maskedMean, type ScoreLoss } from "./score-loss.js";

/**
 * Pointwise binary cross-entropy of logits zᵢⱼ = sᵢⱼ/τ + b (SigLIP's form with fixed τ and b):
 * mean over the marked cells of a row of ln(1 + exp(∓z)), − for positives, + for negatives.
 *
 * @see Zhai et al. 2023, arXiv:2303.15343
 */
export function pointwiseBce(temperature: number, bias = 0): ScoreLoss {
  checkPositive("pointwiseBce", "temperature", temperature);
  if (!Number.isFinite(bias)) throw new UserError(`pointwiseBce: bias must be finite, got ${bias}`);
  return (scores, positives, negatives) => {
    const logits = tf.add(tf.div(scores, temperature), bias) as tf.Tensor2D;
    const signs = tf.sub(negatives, positives);
    return maskedMean(tf.softplus(tf.mul(logits, signs) as tf.Tensor2D), tf.add(positives, negatives));
  };
}

export const pointwiseBcePart = lossPart({
  kind: "pointwise_bce",
  summary: "binary cross-entropy of each pair, SigLIP's form with fixed τ and bias (arXiv:2303.15343)",
  settings: {
    temperature: temperatureSetting(),
    bias: z.number().default(0).describe("added to every logit"),
    similarity: similaritySetting,
  },
  make: ({ temperature, bias, similarity }) =>
    scoredBatchLoss("pointwise_bce", pointwiseBce(temperature, bias), { similarity, logQScale: temperature }),
});
