import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import type { OwnWeights } from "../loss.js";
import { marginSetting } from "../loss-part.js";
import { type ComparedLoss, weightedItemLoss } from "./compared-items.js";
import { type ItemDistance, itemDistanceSettings, itemDistances } from "./item-distances.js";
import { entriesAt, zeroLoss } from "./reductions.js";

export interface MarginLossOptions extends ItemDistance {
  margin?: number;
  beta?: number;
  nu?: number;
  learnBeta?: boolean;
  /** number of classes: one β each; 0: one for all */
  classes?: number;
}

/**
 * Margin loss over triplets: (Σ max(0, d(a, p) − β + m) + max(0, β − d(a, n) + m)) / number of terms above 0. β is the
 * distance that parts positives from negatives; learned, it is trained with the loss ("beta"), and ν·β is added (one β for
 * all), or Σ ν·β(anchor)/number of terms above 0 (one per class).
 *
 * @returns perExample: one value per triplet, without the term of ν
 * @throws RangeError for one β per class that is not learned
 * @see Wu et al. 2017, arXiv:1706.07567
 */
export function marginLoss(options: MarginLossOptions = {}): OwnWeights & { compute: ComparedLoss } {
  const { margin = 0.2, beta = 1.2, nu = 0, learnBeta = false, classes = 0 } = options;
  if (classes > 0 && !learnBeta)
    throw new UserError("margin: learn_beta must be true for one β per class, got false");
  const own = learnBeta
    ? tf.tidy(() => tf.variable(tf.fill([Math.max(1, classes)], beta) as tf.Tensor1D))
    : null;
  const compute: ComparedLoss = ({ embeddings, references, labels, tuples }) => {
    const { anchor, positive, negative } = tuples.triplets();
    if (anchor.length === 0) return zeroLoss(embeddings);
    const distances = itemDistances(embeddings, references, options);
    const at = classes > 0 ? anchor.map((a) => labels[a]!) : new Int32Array(anchor.length);
    const parting = own ? entriesAt(own, at) : tf.scalar(beta);
    const pull = tf.relu(tf.add(tf.sub(entriesOf(distances, anchor, positive), parting), margin));
    const push = tf.relu(tf.add(tf.sub(parting, entriesOf(distances, anchor, negative)), margin));
    const counted = tf.maximum(tf.add(tf.sum(tf.step(pull)), tf.sum(tf.step(push))), 1);
    const perExample = tf.add(pull, push) as tf.Tensor1D;
    let value = tf.div(tf.sum(perExample), counted);
    if (own && nu > 0)
      value = tf.add(
        value,
        classes > 0 ? tf.div(tf.mul(tf.sum(parting), nu), counted) : tf.mul(tf.sum(own), nu),
      );
    return { value: value as tf.Scalar, perExample };
  };
  return { compute, ...(own && { weights: { beta: own } }) };
}

export const marginLossPart = itemLossPart({
  kind: "margin",
  published: ["MarginLoss"],
  summary: "distances against a boundary β between positives and negatives (arXiv:1706.07567)",
  settings: {
    margin: marginSetting(0.2, "m, in units of the distance"),
    beta: z.number().positive().default(1.2).describe("β, or its start when learned"),
    nu: z.number().min(0).default(0).describe("ν, what a learned β costs"),
    learn_beta: z.boolean().default(false).describe("train β"),
    beta_per_class: z.boolean().default(false).describe("one learned β for each class"),
    ...itemDistanceSettings,
  },
  mines: "any",
  compares: "triplets",
  make: ({ betaPerClass, ...options }, parts) =>
    weightedItemLoss(marginLoss({ ...options, classes: betaPerClass ? parts.classes : 0 }), parts),
});
