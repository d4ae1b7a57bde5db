import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { type ItemDistance, itemDistanceSettings, itemDistances } from "./item-distances.js";
import { meanAboveZero, sumOf } from "./reductions.js";

/**
 * Contrastive loss of items: the mean of max(0, d − m₊) over positive pairs plus the mean of max(0, m₋ − d) over negative
 * ones, each over its terms above 0.
 *
 * siamese takes one mean over all pairs, zeros included, and cosine distances.
 *
 * @returns perExample: positive pairs, then negative ones
 * @see Hadsell et al. 2006, doi:10.1109/CVPR.2006.100, without its squares
 */
export function itemContrastive(
  options: ItemDistance & { posMargin?: number; negMargin?: number } = {},
  measure = (a: tf.Tensor2D, b: tf.Tensor2D) => itemDistances(a, b, options),
): ComparedLoss {
  const { posMargin = 0, negMargin = 1 } = options;
  return ({ embeddings, references, tuples }) => {
    const { positive, negative } = tuples.pairs();
    const distances = measure(embeddings, references);
    const near = entriesOf(distances, positive.anchor, positive.other);
    const far = entriesOf(distances, negative.anchor, negative.other);
    return sumOf(
      meanAboveZero(tf.relu(tf.sub(near, posMargin)) as tf.Tensor1D),
      meanAboveZero(tf.relu(tf.sub(negMargin, far)) as tf.Tensor1D),
    );
  };
}

export const contrastiveSettings = {
  pos_margin: z.number().min(0).default(0).describe("m₊: positive pairs nearer than this cost nothing"),
  neg_margin: z.number().min(0).default(1).describe("m₋: negative pairs further than this cost nothing"),
};

export const itemContrastivePart = itemLossPart({
  kind: "contrastive",
  published: ["ContrastiveLoss"],
  summary: "positive pairs nearer than one margin, negative ones further than another",
  settings: { ...contrastiveSettings, ...itemDistanceSettings },
  mines: "any",
  make: (options, parts) => comparedItemLoss(itemContrastive(options), parts),
});
