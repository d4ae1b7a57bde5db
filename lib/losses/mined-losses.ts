import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../files/user-error.js";
import { type Distance, distanceMatrix, entriesOf } from "./distances.js";
import { itemLossPart, minerFor } from "./item-loss-part.js";
import { type LabelLoss, NoTuplesError, type PairMiner, type TripletMiner } from "./label-loss.js";
import { distanceSetting, marginSetting } from "./loss-part.js";
import { checkPositive } from "./scores/score-loss.js";

/**
 * Contrastive (Siamese) loss over mined pairs: d for similar, max(0, m − d) for dissimilar pairs; mean over all pairs.
 *
 * @param options.squared ½d² and ½max(0, m − √(d² + 1e-9))² instead (Hadsell et al.), d Euclidean
 * @returns perExample: one value per pair, in the miner's order
 * @throws RangeError if margin ≤ 0; when called, NoTuplesError if the miner finds no pair
 */
export function siamese(
  options: { margin?: number; distance?: Distance; squared?: boolean },
  miner: PairMiner,
): LabelLoss {
  const { margin = 1, distance = "cosine", squared = false } = options;
  checkPositive("siamese", "margin", margin);
  if (squared && distance !== "euclidean")
    throw new UserError(`siamese: distance must be euclidean when squared is true, got ${distance}`);
  return (embeddings, context) => {
    const distances = distanceMatrix(embeddings, embeddings, squared ? "sqeuclidean" : distance);
    const { first, second, similar } = miner(
      miner.readsDistances === false
        ? new Float32Array(0)
        : (distanceMatrix(embeddings, embeddings, distance).dataSync() as Float32Array),
      context,
    );
    if (first.length === 0)
      throw new NoTuplesError(
        `siamese: the miner must find a pair in a batch of ${context.labels.length}, got none`,
      );
    const d = entriesOf(distances, first, second);
    const pull = tf.tensor1d(Float32Array.from(similar));
    const pulled = squared ? tf.div(d, 2) : d;
    const gap = tf.relu(tf.sub(margin, squared ? tf.sqrt(tf.add(d, 1e-9)) : d));
    const pushed = squared ? tf.div(tf.square(gap), 2) : gap;
    const perExample = tf.add(tf.mul(pull, pulled), tf.mul(tf.sub(1, pull), pushed)) as tf.Tensor1D;
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
}

/**
 * Triplet loss over mined triplets: max(0, d(a, p) − d(a, n) + m).
 *
 * @param options.average "all": mean over every triplet, zeros included; "non_zero": over those above 0 (0 if none)
 * @returns perExample: one value per triplet, in the miner's order
 * @throws RangeError if margin ≤ 0; when called, NoTuplesError if the miner finds no triplet
 */
export function minedTriplet(
  options: { margin?: number; distance?: Distance; average?: "all" | "non_zero" },
  miner: TripletMiner,
): LabelLoss {
  const { margin = 1, distance = "cosine", average = "all" } = options;
  checkPositive("triplet", "margin", margin);
  return (embeddings, context) => {
    const distances = distanceMatrix(embeddings, embeddings, distance);
    const values =
      miner.readsDistances === false ? new Float32Array(0) : (distances.dataSync() as Float32Array);
    const { anchor, positive, negative } = miner(values, context);
    if (anchor.length === 0)
      throw new NoTuplesError(
        `triplet: the miner must find a triplet in a batch of ${context.labels.length}, got none`,
      );
    const difference = tf.sub(entriesOf(distances, anchor, positive), entriesOf(distances, anchor, negative));
    const perExample = tf.relu(tf.add(difference, margin)) as tf.Tensor1D;
    if (average === "all") return { value: tf.mean(perExample) as tf.Scalar, perExample };
    const counted = tf.maximum(tf.sum(tf.step(perExample)), 1);
    return { value: tf.div(tf.sum(perExample), counted) as tf.Scalar, perExample };
  };
}

/**
 * Easy-positive loss over mined triplets: −ln of the first of softmax([c(a, p), c(a, n)]/σ), mean over triplets.
 *
 * @see Xuan et al. 2020, arXiv:1904.04370; its miner is easyPositiveMiner
 * @throws RangeError if sigma ≤ 0; when called, NoTuplesError if the miner finds no triplet
 */
export function easyPositive(options: { sigma?: number }, miner: TripletMiner): LabelLoss {
  const { sigma = 0.1 } = options;
  checkPositive("easyPositive", "sigma", sigma);
  return (embeddings, context) => {
    const distances = distanceMatrix(embeddings, embeddings, "cosine");
    const { anchor, positive, negative } = miner(distances.dataSync() as Float32Array, context);
    if (anchor.length === 0)
      throw new NoTuplesError(
        `easyPositive: the miner must find a triplet in a batch of ${context.labels.length}, got none`,
      );
    // cosine distances differ from similarities by sign and a constant
    const difference = tf.sub(entriesOf(distances, anchor, positive), entriesOf(distances, anchor, negative));
    const perExample = tf.softplus(tf.div(difference, sigma)) as tf.Tensor1D;
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
}

const averageSetting = (value: "all" | "non_zero") =>
  z.enum(["all", "non_zero"]).default(value).describe("triplets that the mean counts");

export const siamesePart = itemLossPart({
  kind: "siamese",
  summary: "contrastive loss over mined pairs",
  settings: {
    margin: marginSetting(1, "m, in units of the distance"),
    distance: distanceSetting,
    squared: z
      .boolean()
      .default(false)
      .describe("½d² and ½max(0, m − d)² (Hadsell et al. 2006); Euclidean only"),
  },
  mines: "pairs",
  make: (options, parts) => siamese(options, minerFor(parts, "pairs")),
});

export const minedTripletPart = itemLossPart({
  kind: "triplet",
  summary: "triplet margin over mined triplets, Finetuner's defaults",
  settings: {
    margin: marginSetting(1, "m, in units of the distance"),
    distance: distanceSetting,
    average: averageSetting("all"),
  },
  mines: "triplets",
  make: (options, parts) => minedTriplet(options, minerFor(parts, "triplets")),
});

export const minedTripletMarginPart = itemLossPart({
  kind: "triplet_margin",
  summary: "triplet margin over mined triplets, defaults of pytorch-metric-learning",
  settings: {
    margin: marginSetting(0.05, "m, in units of the distance"),
    distance: distanceSetting.unwrap().default("euclidean").describe("between two embeddings"),
    average: averageSetting("non_zero"),
  },
  mines: "triplets",
  make: (options, parts) => minedTriplet(options, minerFor(parts, "triplets")),
});

export const easyPositivePart = itemLossPart({
  kind: "easy_positive",
  summary: "softmax over each mined triplet's two cosines (arXiv:1904.04370)",
  settings: { sigma: z.number().positive().default(0.1).describe("σ, cosines are divided by it") },
  mines: "triplets",
  make: (options, parts) =>
    easyPositive(
      options,
      minerFor({ ...parts, miner: parts.miner ?? { kind: "easy_positive" } }, "triplets"),
    ),
});
