import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { itemLossPart } from "../item-loss-part.js";
import { type ComparedLoss, checkClasses, comparedItemLoss } from "./compared-items.js";
import { itemDistances } from "./item-distances.js";
import { zeroLoss } from "./reductions.js";

/**
 * FastAP: 1 − average precision of each item's ranking, from soft histograms of squared distances in [0, 4]: with h₊ and h
 * the counts of positives and of all in a bin and H₊, H the counts up to it, (1/|P|) Σ over bins of h₊ H₊ / H.
 * The mean counts items with a positive.
 *
 * @returns perExample: one value per item, times the miner's weight; 0 without a positive
 * @see Cakir et al. 2019, "Deep Metric Learning to Rank", CVPR
 */
export function fastAp(options: { numBins?: number } = {}): ComparedLoss {
  const { numBins = 10 } = options;
  if (!Number.isInteger(numBins) || numBins < 1)
    throw new UserError(`fast_ap: numBins must be an integer ≥ 1, got ${numBins}`);
  return ({ embeddings, labels, tuples }) => {
    const size = labels.length;
    const [positives, others] = [new Float32Array(size * size), new Float32Array(size * size)];
    const weights = Float32Array.from(tuples.weights());
    const counts = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++)
        if (i !== j && labels[i] === labels[j]) {
          positives[i * size + j] = 1;
          counts[i]! += 1;
        } else if (i !== j) others[i * size + j] = 1;
      if (counts[i] === 0) weights[i] = 0;
    }
    const counted = counts.filter((count) => count > 0).length;
    if (counted === 0) return zeroLoss(embeddings);
    const squares = itemDistances(embeddings, embeddings, { distance: "sqeuclidean" });
    const width = 4 / numBins;
    const [own, rest] = [positives, others].map((cells) => tf.tensor2d(cells, [size, size]));
    let [ownSoFar, allSoFar]: [tf.Tensor, tf.Tensor] = [tf.zeros([size]), tf.zeros([size])];
    let precision: tf.Tensor = tf.zeros([size]);
    for (let bin = 0; bin <= numBins; bin++) {
      const pulse = tf.relu(tf.sub(1, tf.div(tf.abs(tf.sub(squares, bin * width)), width)));
      const here = tf.sum(tf.mul(pulse, own!), 1);
      ownSoFar = tf.add(ownSoFar, here);
      allSoFar = tf.add(allSoFar, tf.add(here, tf.sum(tf.mul(pulse, rest!), 1)));
      precision = tf.add(precision, tf.div(tf.mul(here, ownSoFar), tf.maximum(allSoFar, 1e-20)));
    }
    const divisors = tf.tensor1d(counts.map((count) => Math.max(1, count)));
    const perExample = tf.mul(tf.sub(1, tf.div(precision, divisors)), tf.tensor1d(weights)) as tf.Tensor1D;
    return { value: tf.div(tf.sum(perExample), counted) as tf.Scalar, perExample };
  };
}

export const fastApPart = itemLossPart({
  kind: "fast_ap",
  published: ["FastAPLoss"],
  summary: "average precision from soft histograms of distances (Cakir et al. 2019)",
  settings: { num_bins: z.int().min(1).default(10).describe("bins over squared distances from 0 to 4") },
  mines: "any",
  make: (options, parts) => {
    checkClasses("fast_ap", parts);
    return comparedItemLoss(fastAp(options), parts);
  },
});
