import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { Miner, Triplets } from "../../negatives/miners/tuples.js";
import { type Distance, distanceMatrix, entriesOf } from "../distances.js";
import { itemLossPart, minerFor } from "../item-loss-part.js";
import { type LabelLoss, NoTuplesError } from "../label-loss.js";
import { distanceSetting, marginSetting } from "../loss-part.js";
import { checkPositive } from "../scores/score-loss.js";
import { mineBy } from "./mine-by.js";

/**
 * Triplet loss over mined triplets: max(0, d(a, p) − d(a, n) + m).
 *
 * @param options.average "all": mean over every triplet, zeros included; "non_zero": over those above 0 (0 if none)
 * @returns perExample: one value per triplet, in the miner's order
 * @throws RangeError if margin ≤ 0; when called, NoTuplesError if the miner finds no triplet
 */
export function minedTriplet(
  options: { margin?: number; distance?: Distance; average?: "all" | "non_zero" },
  miner: Miner<Triplets>,
): LabelLoss {
  const { margin = 1, distance = "cosine", average = "all" } = options;
  checkPositive("triplet", "margin", margin);
  return (embeddings, context) => {
    const distances = distanceMatrix(embeddings, embeddings, distance);
    const { anchor, positive, negative } = mineBy(miner, () => distances, embeddings, context);
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

export const minedTripletPart = itemLossPart({
  kind: "triplet",
  published: ["TripletLoss"],
  summary: "triplet margin over mined triplets, Finetuner's defaults",
  settings: {
    margin: marginSetting(1, "m, in units of the distance"),
    distance: distanceSetting,
    average: z.enum(["all", "non_zero"]).default("all").describe("triplets that the mean counts"),
  },
  mines: "triplets",
  make: (options, parts) => minedTriplet(options, minerFor(parts, "triplets")),
});
