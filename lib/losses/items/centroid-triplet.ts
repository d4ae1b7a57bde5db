import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import type { LabelLoss } from "../label-loss.js";
import { marginSetting } from "../loss-part.js";
import { checkPositive } from "../scores/score-loss.js";
import { checkClasses } from "./compared-items.js";
import { type ItemDistance, itemDistanceSettings, itemDistances } from "./item-distances.js";
import { meanAboveZero, meanOf, zeroLoss } from "./reductions.js";

/**
 * Centroid triplet loss: triplet margin between an item, the mean of the other items of its class, and the mean of each
 * other class. Classes of one item have no such mean and are nobody's anchor.
 *
 * pytorch-metric-learning (up to 1.7) drops some of the negatives from five classes on; here all are used.
 *
 * @returns perExample: one value per item and other class; 0 for a batch without one
 * @throws RangeError if margin ≤ 0
 * @see Wieczorek et al. 2021, arXiv:2104.13643
 */
export function centroidTriplet(
  options: ItemDistance & { margin?: number; average?: "all" | "non_zero" } = {},
): LabelLoss {
  const { margin = 0.05, average = "non_zero" } = options;
  checkPositive("centroid_triplet", "margin", margin);
  return (embeddings, { labels }) => {
    const size = labels.length;
    const classes = [...new Set(labels)];
    const members = classes.map((label) => labels.reduce((count, own) => count + Number(own === label), 0));
    const means = new Float32Array((size + classes.length) * size); // of each item's class without it, then of classes
    const [anchors, own, others]: number[][] = [[], [], []];
    labels.forEach((label, i) => {
      const at = classes.indexOf(label);
      means[(size + at) * size + i] = 1 / members[at]!;
      if (members[at]! < 2) return;
      labels.forEach((other, j) => {
        if (other === label && j !== i) means[i * size + j] = 1 / (members[at]! - 1);
      });
      classes.forEach((_, c) => {
        if (c === at) return;
        anchors!.push(i);
        own!.push(i);
        others!.push(size + c);
      });
    });
    if (anchors!.length === 0) return zeroLoss(embeddings);
    const centroids = tf.matMul(tf.tensor2d(means, [size + classes.length, size]), embeddings) as tf.Tensor2D;
    const distances = itemDistances(embeddings, centroids, options);
    const gaps = tf.sub(entriesOf(distances, anchors!, own!), entriesOf(distances, anchors!, others!));
    const terms = tf.relu(tf.add(gaps, margin)) as tf.Tensor1D;
    return average === "all" ? meanOf(terms) : meanAboveZero(terms);
  };
}

export const centroidTripletPart = itemLossPart({
  kind: "centroid_triplet",
  published: ["CentroidTripletLoss"],
  summary: "triplet margin against means of classes (arXiv:2104.13643)",
  settings: {
    margin: marginSetting(0.05, "m, in units of the distance"),
    ...itemDistanceSettings,
    average: z.enum(["all", "non_zero"]).default("non_zero").describe("triplets that the mean counts"),
  },
  mines: null,
  make: (options, parts) => {
    checkClasses("centroid_triplet", parts);
    return centroidTriplet(options);
  },
});
