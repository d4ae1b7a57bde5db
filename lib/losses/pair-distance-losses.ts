import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { negativeCells, ownCells } from "./candidates.js";
import { type Distance, distanceMatrix } from "./distances.js";
import { type BatchLoss, checkPairs } from "./loss.js";
import { distanceSetting, lossPart, marginSetting } from "./loss-part.js";
import { checkPositive } from "./scores/score-loss.js";

/**
 * Triplet margin loss of a batch over all its negatives: max(0, d(qᵢ, dᵢ) − d(qᵢ, dⱼ) + m).
 *
 * @param options.average "all": the mean over every triplet, zeros included; "non_zero": over those above 0 only (0 if
 *   there are none), the default of pytorch-metric-learning. perExample is each query's share under the same rule.
 * @throws RangeError if margin ≤ 0 or the distance is unknown
 */
export function tripletMargin(options: {
  margin: number;
  distance?: Distance;
  average?: "all" | "non_zero";
}): BatchLoss {
  const { margin, distance = "cosine", average = "all" } = options;
  checkPositive("tripletMargin", "margin", margin);
  return (queries, documents, context = {}) => {
    checkPairs("tripletMargin", queries, documents);
    const [size, columns] = [queries.shape[0], documents.shape[0]];
    const distances = distanceMatrix(queries, documents, distance);
    const own = tf.sum(tf.mul(distances, ownCells(size, columns)), 1, true);
    const negatives = tf.tensor2d(negativeCells(size, columns, context), [size, columns]);
    const terms = tf.mul(tf.relu(tf.add(tf.sub(own, distances), margin)), negatives) as tf.Tensor2D;
    const counted = average === "all" ? negatives : tf.step(terms);
    const sums = tf.sum(terms, 1);
    return {
      value: tf.div(tf.sum(sums), tf.maximum(tf.sum(counted), 1)) as tf.Scalar,
      perExample: tf.div(sums, tf.maximum(tf.sum(counted, 1), 1)) as tf.Tensor1D,
    };
  };
}

/**
 * Contrastive loss of a batch: d for each pair, and max(0, m − d) for each query with the others' documents, averaged
 * over all of these pairs (Finetuner's SiameseLoss form). perExample is the mean over the pairs of one query.
 *
 * @throws RangeError if margin ≤ 0 or the distance is unknown
 */
export function contrastive(options: { margin: number; distance?: Distance }): BatchLoss {
  const { margin, distance = "cosine" } = options;
  checkPositive("contrastive", "margin", margin);
  return (queries, documents, context = {}) => {
    checkPairs("contrastive", queries, documents);
    const [size, columns] = [queries.shape[0], documents.shape[0]];
    const distances = distanceMatrix(queries, documents, distance);
    const own = ownCells(size, columns);
    const negatives = tf.tensor2d(negativeCells(size, columns, context), [size, columns]);
    const pushes = tf.mul(tf.relu(tf.sub(margin, distances)), negatives);
    const sums = tf.sum(tf.add(tf.mul(distances, own), pushes), 1);
    const counts = tf.sum(tf.add(own, negatives), 1);
    return {
      value: tf.div(tf.sum(sums), tf.sum(counts)) as tf.Scalar,
      perExample: tf.div(sums, counts) as tf.Tensor1D,
    };
  };
}

export const tripletMarginPart = lossPart({
  kind: "triplet_margin",
  summary: "triplet margin over all negatives of the batch",
  settings: {
    margin: marginSetting(0.3, "m, in units of the distance"),
    distance: distanceSetting,
    average: z.enum(["all", "non_zero"]).default("all").describe("triplets that the mean counts"),
  },
  make: tripletMargin,
});

export const contrastivePart = lossPart({
  kind: "contrastive",
  summary: "pulls pairs together and pushes others beyond a margin (Hadsell et al. 2006)",
  settings: { margin: marginSetting(1, "m, in units of the distance"), distance: distanceSetting },
  make: contrastive,
});
