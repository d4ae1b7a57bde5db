import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { itemLossPart } from "../item-loss-part.js";
import { stopGradient } from "../scores/score-loss.js";
import {
  type ClassifierSize,
  type ClassLoss,
  marginClassifier,
  rowNorms,
  scaleSetting,
} from "./classifier.js";
import { checkClasses, weightedItemLoss } from "./compared-items.js";

/**
 * Large-margin softmax: cross-entropy over classes on ‖w‖‖x‖ cos θ, where the own class's cosine is
 * ψ(θ) = (−1)ᵏ cos(mθ) − 2k for θ in [kπ/m, (k + 1)π/m], which falls over the whole of [0, π].
 *
 * @param options.margin m, an integer ≥ 1
 * @see Liu et al. 2016, arXiv:1612.02295
 */
export function largeMarginSoftmax(options: ClassifierSize & { margin?: number; scale?: number }): ClassLoss {
  const { margin = 4, scale = 1 } = options;
  return marginClassifier(
    "largeMarginSoftmax",
    { ...options, scale },
    multipleAngle("largeMarginSoftmax", margin),
    (logits, embeddings, vectors) =>
      tf.mul(tf.mul(logits, rowNorms(embeddings)), tf.transpose(rowNorms(vectors))),
  );
}

/** ψ(θ) of cos θ: Chebyshev's recurrence for cos(mθ), then the fold that keeps it falling. */
export function multipleAngle(name: string, margin: number): (cosine: tf.Tensor2D) => tf.Tensor {
  if (!Number.isInteger(margin) || margin < 1)
    throw new UserError(`${name}: margin must be an integer ≥ 1, got ${margin}`);
  return (cosine) => {
    let [before, multiple]: [tf.Tensor, tf.Tensor] = [tf.onesLike(cosine), cosine];
    for (let order = 2; order <= margin; order++)
      [before, multiple] = [multiple, tf.sub(tf.mul(tf.mul(cosine, multiple), 2), before)];
    const angle = tf.acos(tf.clipByValue(stopGradient(cosine), -1, 1));
    const fold = stopGradient(tf.floor(tf.mul(angle, margin / Math.PI)));
    const sign = tf.sub(1, tf.mul(tf.mod(fold, tf.scalar(2)), 2));
    return tf.sub(tf.mul(multiple, sign), tf.mul(fold, 2));
  };
}

export const multipleAngleSettings = {
  margin: z.int().min(1).default(4).describe("m, by which angles of the own class are multiplied"),
  scale: scaleSetting(1),
};

export const largeMarginSoftmaxPart = itemLossPart({
  kind: "large_margin_softmax",
  published: ["LargeMarginSoftmaxLoss"],
  summary: "softmax over classes with a multiplied angle (arXiv:1612.02295)",
  settings: multipleAngleSettings,
  mines: "any",
  classes: true,
  make: (options, parts) => {
    checkClasses("large_margin_softmax", parts);
    return weightedItemLoss(largeMarginSoftmax({ ...options, ...parts }), parts);
  },
});
