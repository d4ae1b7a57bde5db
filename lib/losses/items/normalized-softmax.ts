import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { unitRows } from "../cosine.js";
import { itemLossPart } from "../item-loss-part.js";
import { checkPositive } from "../scores/score-loss.js";
import {
  type ClassifierSize,
  type ClassLoss,
  classCrossEntropy,
  classVectors,
  ownClasses,
} from "./classifier.js";
import { type ComparedLoss, checkClasses, weightedItemLoss } from "./compared-items.js";

/**
 * Normalised softmax: cross-entropy over classes on cos θ / τ, cosines with trained class vectors ("class_weights").
 *
 * @see Zhai & Wu 2019, arXiv:1811.12649
 */
export function normalizedSoftmax(options: ClassifierSize & { temperature?: number }): ClassLoss {
  const { temperature = 0.05, classes } = options;
  checkPositive("normalizedSoftmax", "temperature", temperature);
  const vectors = classVectors("normalizedSoftmax", options);
  const compute: ComparedLoss = ({ embeddings, labels, tuples }) => {
    const logits = tf.div(tf.matMul(unitRows(embeddings), unitRows(vectors), false, true), temperature);
    const own = ownClasses("normalizedSoftmax", labels, classes);
    return classCrossEntropy(logits as tf.Tensor2D, own, tuples.weights());
  };
  return { compute, weights: { class_weights: vectors } };
}

export const normalizedSoftmaxPart = itemLossPart({
  kind: "normalized_softmax",
  published: ["NormalizedSoftmaxLoss"],
  summary: "softmax over classes on cosines (arXiv:1811.12649)",
  settings: { temperature: z.number().positive().default(0.05).describe("τ, cosines are divided by it") },
  mines: "any",
  classes: true,
  make: (options, parts) => {
    checkClasses("normalized_softmax", parts);
    return weightedItemLoss(normalizedSoftmax({ ...options, ...parts }), parts);
  },
});
