import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { itemLossPart } from "../item-loss-part.js";
import { stopGradient } from "../scores/score-loss.js";
import {
  type ClassifierSize,
  type ClassLoss,
  marginClassifier,
  scaleSetting,
  shiftedCosine,
} from "./classifier.js";
import { checkClasses, weightedItemLoss } from "./compared-items.js";

/**
 * ArcFace: softmax cross-entropy over classes on scale · cos θ, where the own class's logit is scale · cos(θ + m). Class
 * vectors [classes, dim] are unit rows trained with the loss ("class_weights"). Beyond θ = π − m, where cos(θ + m) would
 * rise again, it is cos θ − m sin m, as in the authors' code.
 *
 * @param options.marginDegrees m in degrees, in (0, 90]; default 28.6 (0.5 rad)
 * @see Deng et al. 2019, arXiv:1801.07698
 */
export function arcFace(options: ClassifierSize & { marginDegrees?: number; scale?: number }): ClassLoss {
  const { marginDegrees = 28.6, scale = 64 } = options;
  if (!(marginDegrees > 0 && marginDegrees <= 90))
    throw new UserError(`arcFace: marginDegrees must be in (0, 90], got ${marginDegrees}`);
  const margin = (marginDegrees * Math.PI) / 180;
  return marginClassifier("arcFace", { ...options, scale }, (cosine) => {
    const reachable = stopGradient(tf.step(tf.add(cosine, Math.cos(margin))));
    const beyond = tf.sub(cosine, margin * Math.sin(margin));
    return tf.add(tf.mul(shiftedCosine(cosine, margin), reachable), tf.mul(beyond, tf.sub(1, reachable)));
  });
}

export const arcFacePart = itemLossPart({
  kind: "arc_face",
  published: ["ArcFaceLoss"],
  publishedOptions: { margin: "margin_degrees" },
  summary: "softmax over classes with an angular margin (arXiv:1801.07698)",
  settings: {
    margin_degrees: z
      .number()
      .gt(0)
      .max(90)
      .default(28.6)
      .describe("m in degrees; 28.6 = 0.5 rad, as published"),
    scale: scaleSetting(64),
  },
  mines: "any",
  classes: true,
  make: (options, parts) => {
    checkClasses("arc_face", parts);
    return weightedItemLoss(arcFace({ ...options, ...parts }), parts);
  },
});
