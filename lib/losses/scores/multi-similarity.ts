import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { lossPart } from "../loss-part.js";
import { scoredBatchLoss } from "../scored-batch-loss.js";
import { checkPositive, maskedLogSumExp, type ScoreLoss } from "./score-loss.js";

/** Shared with the loss of labelled items. */
export const multiSimilaritySettings = {
  alpha: z.number().positive().default(2).describe("α, the scale of positives"),
  beta: z.number().positive().default(50).describe("β, the scale of negatives"),
  base: z.number().default(0.5).describe("λ, the cosine from which both are counted"),
};

/**
 * Multi-similarity loss (without its pair mining):
 * ℓ = (1/α) ln(1 + Σₚ exp(−α(sₚ − λ))) + (1/β) ln(1 + Σₙ exp(β(sₙ − λ)))
 *
 * @see Wang et al. 2019, arXiv:1904.06627
 */
export function multiSimilarity(options: { alpha?: number; beta?: number; base?: number } = {}): ScoreLoss {
  const { alpha = 2, beta = 50, base = 0.5 } = options;
  checkPositive("multiSimilarity", "alpha", alpha);
  checkPositive("multiSimilarity", "beta", beta);
  if (!Number.isFinite(base)) throw new UserError(`multiSimilarity: base must be finite, got ${base}`);
  return (scores, positives, negatives) => {
    const away = tf.sub(scores, base) as tf.Tensor2D;
    const pull = tf.softplus(maskedLogSumExp(tf.mul(away, -alpha), positives));
    const push = tf.softplus(maskedLogSumExp(tf.mul(away, beta), negatives));
    return tf.add(tf.div(pull, alpha), tf.div(push, beta)) as tf.Tensor1D;
  };
}

export const multiSimilarityPart = lossPart({
  kind: "multi_similarity",
  summary: "multi-similarity loss on cosines, without its mining (arXiv:1904.06627)",
  settings: multiSimilaritySettings,
  make: (options) => scoredBatchLoss("multi_similarity", multiSimilarity(options)),
});
