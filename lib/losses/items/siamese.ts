import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import type { Miner, Pairs } from "../../negatives/miners/tuples.js";
import { type Distance, distanceMatrix, entriesOf } from "../distances.js";
import { itemLossPart, minerFor } from "../item-loss-part.js";
import { type LabelLoss, NoTuplesError } from "../label-loss.js";
import { distanceSetting, marginSetting } from "../loss-part.js";
import { checkPositive } from "../scores/score-loss.js";
import { mineBy } from "./mine-by.js";

/**
 * Contrastive (Siamese) loss over mined pairs: d for similar, max(0, m − d) for dissimilar pairs; mean over all pairs.
 *
 * @param options.squared ½d² and ½max(0, m − √(d² + 1e-9))² instead (Hadsell et al.), d Euclidean
 * @returns perExample: one value per pair, in the miner's order
 * @throws RangeError if margin ≤ 0; when called, NoTuplesError if the miner finds no pair
 */
export function siamese(
  options: { margin?: number; distance?: Distance; squared?: boolean },
  miner: Miner<Pairs>,
): LabelLoss {
  const { margin = 1, distance = "cosine", squared = false } = options;
  checkPositive("siamese", "margin", margin);
  if (squared && distance !== "euclidean")
    throw new UserError(`siamese: distance must be euclidean when squared is true, got ${distance}`);
  return (embeddings, context) => {
    const distances = distanceMatrix(embeddings, embeddings, squared ? "sqeuclidean" : distance);
    const { first, second, similar } = mineBy(
      miner,
      () => (squared ? distanceMatrix(embeddings, embeddings, distance) : distances),
      embeddings,
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

export const siamesePart = itemLossPart({
  kind: "siamese",
  published: ["SiameseLoss"],
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
