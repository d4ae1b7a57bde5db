import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
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
 * SoftTriple: several trained centres a class ("class_weights", [classes · K, dim], those of a class one after the other).
 * An item's similarity to a class is S = Σₖ softmax(cₖ/γ)ₖ cₖ over the cosines cₖ with its centres; cross-entropy over
 * classes on λ S, with δ taken off the own class's. Without the source's regulariser that merges centres.
 *
 * @see Qian et al. 2019, arXiv:1909.05235
 */
export function softTriple(
  options: ClassifierSize & { centersPerClass?: number; lambda?: number; gamma?: number; margin?: number },
): ClassLoss {
  const { centersPerClass = 10, lambda = 20, gamma = 0.1, margin = 0.01, classes } = options;
  checkPositive("softTriple", "lambda", lambda);
  checkPositive("softTriple", "gamma", gamma);
  if (!Number.isInteger(centersPerClass) || centersPerClass < 1)
    throw new UserError(`softTriple: centersPerClass must be an integer ≥ 1, got ${centersPerClass}`);
  const centers = classVectors("softTriple", options, centersPerClass);
  const compute: ComparedLoss = ({ embeddings, labels, tuples }) => {
    const own = ownClasses("softTriple", labels, classes);
    const cosines = tf.matMul(unitRows(embeddings), unitRows(centers), false, true);
    const byClass = tf.reshape(cosines, [labels.length, classes, centersPerClass]);
    const shares = tf.softmax(tf.div(byClass, gamma), 2);
    const similarity = tf.sum(tf.mul(shares, byClass), 2);
    const logits = tf.mul(tf.sub(similarity, tf.mul(own, margin)), lambda) as tf.Tensor2D;
    return classCrossEntropy(logits, own, tuples.weights());
  };
  return { compute, weights: { class_weights: centers } };
}

export const softTriplePart = itemLossPart({
  kind: "soft_triple",
  published: ["SoftTripleLoss"],
  publishedOptions: { la: "lambda" },
  summary: "softmax over classes with several centres each (arXiv:1909.05235)",
  settings: {
    centers_per_class: z.int().min(1).default(10).describe("K, trained vectors of each class"),
    lambda: z.number().positive().default(20).describe("λ, similarities are multiplied by it"),
    gamma: z.number().positive().default(0.1).describe("γ, the temperature among the centres of a class"),
    margin: z.number().min(0).default(0.01).describe("δ, taken off the own class's similarity"),
  },
  mines: "any",
  classes: true,
  make: (options, parts) => {
    checkClasses("soft_triple", parts);
    return weightedItemLoss(softTriple({ ...options, ...parts }), parts);
  },
});
