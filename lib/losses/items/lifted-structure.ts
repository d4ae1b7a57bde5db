import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { type ItemDistance, itemDistanceSettings, itemDistances } from "./item-distances.js";
import { cellCounts, countedLogSumExp, entriesAt, meanOf, zeroLoss } from "./reductions.js";

export interface LiftedOptions extends ItemDistance {
  posMargin?: number;
  negMargin?: number;
}

/**
 * Lifted structure loss: mean over positive pairs (a, p) of ½ max(0, ln Σₙ exp(m₋ − dₙ) + d(a, p) − m₊)², n over the
 * negatives of a and of p (the logarithm counts as 0 where there is none). Against a memory only those of a count.
 *
 * @returns perExample: one value per positive pair; 0 for a batch without positive or negative pairs
 * @see Oh Song et al. 2016, arXiv:1511.06452
 */
export function liftedStructure(options: LiftedOptions = {}): ComparedLoss {
  const { posMargin = 0, negMargin = 1 } = options;
  return ({ embeddings, references, tuples }) => {
    const { positive, negative } = tuples.pairs();
    if (positive.anchor.length === 0 || negative.anchor.length === 0) return zeroLoss(embeddings);
    const distances = itemDistances(embeddings, references, options);
    const counts = cellCounts(negative.anchor, negative.other, distances.shape);
    const rows = countedLogSumExp(tf.sub(negMargin, distances) as tf.Tensor2D, counts);
    const ofAnchor = entriesAt(rows, positive.anchor);
    const ofPositive =
      references === embeddings ? entriesAt(rows, positive.other) : tf.fill(ofAnchor.shape, -1e9);
    const both = tf.logSumExp(tf.stack([ofAnchor, ofPositive]), 0);
    const some = tf.step(tf.add(both, 1e8)); // a real sum of exponentials is nowhere near
    const pull = tf.sub(entriesOf(distances, positive.anchor, positive.other), posMargin);
    return meanOf(tf.div(tf.square(tf.relu(tf.add(tf.mul(both, some), pull))), 2) as tf.Tensor1D);
  };
}

export const liftedSettings = {
  pos_margin: z.number().min(0).default(0).describe("m₊, taken off distances of positive pairs"),
  neg_margin: z.number().min(0).default(1).describe("m₋, from which distances of negative pairs are taken"),
  ...itemDistanceSettings,
};

export const liftedStructurePart = itemLossPart({
  kind: "lifted_structure",
  published: ["LiftedStructureLoss"],
  summary: "each positive pair against all negatives of both its items (arXiv:1511.06452)",
  settings: liftedSettings,
  mines: "any",
  make: (options, parts) => comparedItemLoss(liftedStructure(options), parts),
});
