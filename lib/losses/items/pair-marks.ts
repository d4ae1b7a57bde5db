import * as tf from "@tensorflow/tfjs";
import { cosineMatrix } from "../cosine.js";
import type { LossValue } from "../loss.js";
import type { ScoreLoss } from "../scores/score-loss.js";
import type { ComparedLoss } from "./compared-items.js";
import type { ItemTuples } from "./item-tuples.js";
import { cellCounts } from "./reductions.js";

/** [N, M] of 0 and 1: which references are positives and which are negatives of an item, however often a miner says so. */
export function pairMarks(tuples: ItemTuples, shape: [number, number]) {
  const { positive, negative } = tuples.pairs();
  return {
    positives: tf.step(cellCounts(positive.anchor, positive.other, shape)) as tf.Tensor2D,
    negatives: tf.step(cellCounts(negative.anchor, negative.other, shape)) as tf.Tensor2D,
  };
}

/** A loss of a matrix of cosines as a loss of items, one term per item, reduced by `reduce`. */
export function markedCosineLoss(
  loss: ScoreLoss,
  reduce: (terms: tf.Tensor1D, tuples: ItemTuples) => LossValue,
): ComparedLoss {
  return ({ embeddings, references, tuples }) => {
    const cosines = cosineMatrix(embeddings, references);
    const { positives, negatives } = pairMarks(tuples, cosines.shape);
    return reduce(loss(cosines, positives, negatives), tuples);
  };
}
