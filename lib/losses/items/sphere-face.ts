import * as tf from "@tensorflow/tfjs";
import { itemLossPart } from "../item-loss-part.js";
import { type ClassifierSize, type ClassLoss, marginClassifier, rowNorms } from "./classifier.js";
import { checkClasses, weightedItemLoss } from "./compared-items.js";
import { multipleAngle, multipleAngleSettings } from "./large-margin-softmax.js";

/**
 * SphereFace: as {@link largeMarginSoftmax} with class vectors of length 1, so on ‖x‖ cos θ and ‖x‖ ψ(θ).
 *
 * @see Liu et al. 2017, arXiv:1704.08063
 */
export function sphereFace(options: ClassifierSize & { margin?: number; scale?: number }): ClassLoss {
  const { margin = 4, scale = 1 } = options;
  return marginClassifier(
    "sphereFace",
    { ...options, scale },
    multipleAngle("sphereFace", margin),
    (logits, embeddings) => tf.mul(logits, rowNorms(embeddings)),
  );
}

export const sphereFacePart = itemLossPart({
  kind: "sphere_face",
  published: ["SphereFaceLoss"],
  summary: "large-margin softmax with unit class vectors (arXiv:1704.08063)",
  settings: multipleAngleSettings,
  mines: "any",
  classes: true,
  make: (options, parts) => {
    checkClasses("sphere_face", parts);
    return weightedItemLoss(sphereFace({ ...options, ...parts }), parts);
  },
});
