import * as tf from "@tensorflow/tfjs";
import { cosineMatrix } from "../cosine.js";
import { itemLossPart } from "../item-loss-part.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { meanOf, zeroLoss } from "./reductions.js";

/**
 * N-pairs loss: of each label the first positive pair (a, p); mean over labels of the softmax cross-entropy of the own p
 * among the p of all labels, on cosines. On pairs of queries and documents it is batch_softmax with temperature 1.
 *
 * @returns perExample: one value per label that has a pair
 * @see Sohn 2016, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective", NIPS; there on dot products with
 *   a penalty on their length, here on unit vectors as in pytorch-metric-learning
 */
export function nPairs(): ComparedLoss {
  return ({ embeddings, references, labels, tuples }) => {
    const { positive } = tuples.pairs();
    const first = new Map<number, number>();
    positive.anchor.forEach((a, t) => {
      if (!first.has(labels[a]!)) first.set(labels[a]!, t);
    });
    const kept = [...first.values()];
    if (kept.length === 0) return zeroLoss(embeddings);
    const rows = (x: tf.Tensor2D, at: number[]) =>
      tf.matMul(tf.oneHot(tf.tensor1d(at, "int32"), x.shape[0]).toFloat(), x) as tf.Tensor2D;
    const anchors = rows(
      embeddings,
      kept.map((t) => positive.anchor[t]!),
    );
    const positives = rows(
      references,
      kept.map((t) => positive.other[t]!),
    );
    const cosines = cosineMatrix(anchors, positives);
    const own = tf.sum(tf.mul(cosines, tf.eye(kept.length)), 1);
    return meanOf(tf.sub(tf.logSumExp(cosines, 1), own) as tf.Tensor1D);
  };
}

export const nPairsPart = itemLossPart({
  kind: "n_pairs",
  published: ["NPairsLoss"],
  summary: "one pair a label, each against the others' positives (Sohn 2016)",
  settings: {},
  mines: "any",
  make: (_options, parts) => comparedItemLoss(nPairs(), parts),
});
