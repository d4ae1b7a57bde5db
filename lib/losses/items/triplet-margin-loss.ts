import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import { marginSetting } from "../loss-part.js";
import { checkPositive } from "../scores/score-loss.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { type ItemDistance, itemDistanceSettings, itemDistances } from "./item-distances.js";
import { meanAboveZero, meanOf, zeroLoss } from "./reductions.js";

export interface TripletMarginOptions extends ItemDistance {
  margin?: number;
  /** takes d(p, n) for d(a, n) where it is smaller */
  swap?: boolean;
  /** ln(1 + exp(·)) for max(0, ·) */
  smooth?: boolean;
  average?: "all" | "non_zero";
}

/**
 * Triplet margin loss of items: max(0, d(a, p) − d(a, n) + m), d Euclidean between unit vectors. The mean counts terms above
 * 0 only unless average is "all".
 *
 * @returns perExample: one value per triplet; 0 for a batch without one
 * @throws RangeError if margin ≤ 0
 * @see Schroff et al. 2015, arXiv:1503.03832; swap: Balntas et al. 2016
 */
export function itemTripletMargin(options: TripletMarginOptions = {}): ComparedLoss {
  const { margin = 0.05, swap = false, smooth = false, average = "non_zero" } = options;
  checkPositive("triplet_margin", "margin", margin);
  return ({ embeddings, references, tuples }) => {
    const { anchor, positive, negative } = tuples.triplets();
    if (anchor.length === 0) return zeroLoss(embeddings);
    const distances = itemDistances(embeddings, references, options);
    const toPositive = entriesOf(distances, anchor, positive);
    let toNegative = entriesOf(distances, anchor, negative);
    if (swap) {
      const across = references === embeddings ? distances : itemDistances(references, references, options);
      toNegative = tf.minimum(toNegative, entriesOf(across, positive, negative));
    }
    const violation = tf.add(tf.sub(toPositive, toNegative), margin) as tf.Tensor1D;
    const terms = smooth ? tf.softplus(violation) : tf.relu(violation);
    return average === "all" ? meanOf(terms) : meanAboveZero(terms);
  };
}

export const itemTripletMarginPart = itemLossPart({
  kind: "triplet_margin",
  published: ["TripletMarginLoss"],
  publishedOptions: { smooth_loss: "smooth" },
  summary: "triplet margin between unit vectors, defaults of pytorch-metric-learning (arXiv:1503.03832)",
  settings: {
    margin: marginSetting(0.05, "m, in units of the distance"),
    ...itemDistanceSettings,
    swap: z.boolean().default(false).describe("d(p, n) for d(a, n) where it is smaller"),
    smooth: z.boolean().default(false).describe("ln(1 + exp(·)) for max(0, ·)"),
    average: z.enum(["all", "non_zero"]).default("non_zero").describe("triplets that the mean counts"),
  },
  mines: "any",
  compares: "triplets",
  make: (options, parts) => comparedItemLoss(itemTripletMargin(options), parts),
});
