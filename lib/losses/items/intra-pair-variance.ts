import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { cosineMatrix } from "../cosine.js";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { meanOf, sumOf } from "./reductions.js";

/**
 * Variance within the positive and within the negative pairs of a batch: with c̄ the mean cosine of a side,
 * mean over positive pairs of max(0, (1 − ε₊)c̄ − c)² + mean over negative ones of max(0, c − (1 + ε₋)c̄)².
 *
 * It says nothing of how far the two sides lie apart; the source adds it to another loss.
 *
 * @returns perExample: positive pairs, then negative ones
 * @see Yu & Tao 2019, "Deep Metric Learning with Tuplet Margin Loss", ICCV
 */
export function intraPairVariance(options: { posEps?: number; negEps?: number } = {}): ComparedLoss {
  const { posEps = 0.01, negEps = 0.01 } = options;
  return ({ embeddings, references, tuples }) => {
    const { positive, negative } = tuples.pairs();
    const cosines = cosineMatrix(embeddings, references);
    const near = entriesOf(cosines, positive.anchor, positive.other);
    const far = entriesOf(cosines, negative.anchor, negative.other);
    const mean = (x: tf.Tensor1D) => tf.div(tf.sum(x), Math.max(1, x.size));
    const pulls = tf.relu(tf.sub(tf.mul(mean(near), 1 - posEps), near));
    const pushes = tf.relu(tf.sub(far, tf.mul(mean(far), 1 + negEps)));
    return sumOf(meanOf(tf.square(pulls) as tf.Tensor1D), meanOf(tf.square(pushes) as tf.Tensor1D));
  };
}

export const intraPairVariancePart = itemLossPart({
  kind: "intra_pair_variance",
  published: ["IntraPairVarianceLoss"],
  summary: "variance of the cosines of positive and of negative pairs; to add to another loss",
  settings: {
    pos_eps: z
      .number()
      .min(0)
      .default(0.01)
      .describe("ε₊, share of the mean that a positive pair may lie below"),
    neg_eps: z
      .number()
      .min(0)
      .default(0.01)
      .describe("ε₋, share of the mean that a negative pair may lie above"),
  },
  mines: "any",
  make: (options, parts) => comparedItemLoss(intraPairVariance(options), parts),
});
