import * as tf from "@tensorflow/tfjs";
import { itemLossPart } from "../item-loss-part.js";
import { marginSetting } from "../loss-part.js";
import { checkPositive } from "../scores/score-loss.js";
import { type ClassifierSize, type ClassLoss, marginClassifier, scaleSetting } from "./classifier.js";
import { checkClasses, weightedItemLoss } from "./compared-items.js";

/**
 * CosFace: softmax cross-entropy over classes on scale · cos θ, where the own class's logit is scale · (cos θ − m).
 *
 * @param options.margin m > 0, default 0.35
 * @see Wang et al. 2018, arXiv:1801.09414
 */
export function cosFace(options: ClassifierSize & { margin?: number; scale?: number }): ClassLoss {
  const { margin = 0.35, scale = 64 } = options;
  checkPositive("cosFace", "margin", margin);
  return marginClassifier("cosFace", { ...options, scale }, (cosine) => tf.sub(cosine, margin));
}

export const cosFacePart = itemLossPart({
  kind: "cos_face",
  published: ["CosFaceLoss"],
  summary: "softmax over classes with a margin on the cosine (arXiv:1801.09414)",
  settings: { margin: marginSetting(0.35, "m, in units of cosine"), scale: scaleSetting(64) },
  mines: "any",
  classes: true,
  make: (options, parts) => {
    checkClasses("cos_face", parts);
    return weightedItemLoss(cosFace({ ...options, ...parts }), parts);
  },
});
