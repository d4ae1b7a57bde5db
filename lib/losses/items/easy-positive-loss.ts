import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { Miner, Triplets } from "../../negatives/miners/tuples.js";
import { distanceMatrix, entriesOf } from "../distances.js";
import { itemLossPart, minerFor } from "../item-loss-part.js";
import { type LabelLoss, NoTuplesError } from "../label-loss.js";
import { checkPositive } from "../scores/score-loss.js";
import { mineBy } from "./mine-by.js";

/**
 * Easy-positive loss over mined triplets: −ln of the first of softmax([c(a, p), c(a, n)]/σ), mean over triplets.
 *
 * @see Xuan et al. 2020, arXiv:1904.04370; its miner is easyPositiveMiner
 * @throws RangeError if sigma ≤ 0; when called, NoTuplesError if the miner finds no triplet
 */
export function easyPositive(options: { sigma?: number }, miner: Miner<Triplets>): LabelLoss {
  const { sigma = 0.1 } = options;
  checkPositive("easyPositive", "sigma", sigma);
  return (embeddings, context) => {
    const distances = distanceMatrix(embeddings, embeddings, "cosine");
    const { anchor, positive, negative } = mineBy(miner, () => distances, embeddings, context);
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
