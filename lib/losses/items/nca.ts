import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { itemLossPart } from "../item-loss-part.js";
import type { LossValue } from "../loss.js";
import { checkPositive, maskedLogSumExp } from "../scores/score-loss.js";
import { type ComparedLoss, checkClasses, comparedItemLoss } from "./compared-items.js";
import { itemDistances } from "./item-distances.js";
import { zeroLoss } from "./reductions.js";

/**
 * Neighbourhood components analysis: mean over items of −ln Σ over items of its label of softmax(−scale · d²) over all
 * others, d² squared Euclidean between unit vectors. Items without another of their label are left out.
 *
 * Against a memory each item's own row in it counts too, at distance 0, as in pytorch-metric-learning.
 *
 * @returns perExample: one value per item, times the miner's weight
 * @see Goldberger et al. 2004, "Neighbourhood Components Analysis", NIPS
 */
export function nca(options: { softmaxScale?: number } = {}): ComparedLoss {
  const { softmaxScale = 1 } = options;
  checkPositive("nca", "softmaxScale", softmaxScale);
  return ({ embeddings, references, labels, referenceLabels, tuples }) => {
    const among = references === embeddings;
    if (labels.length <= 1) return zeroLoss(embeddings);
    return neighbourhood(embeddings, references, {
      same: (i, j) => labels[i] === referenceLabels[j],
      left: (i, j) => among && i === j,
      scale: softmaxScale,
      weights: tuples.weights(!among),
    });
  };
}

/** The loss over any references: which are of an item's label, and which are left out of everything. */
export function neighbourhood(
  embeddings: tf.Tensor2D,
  references: tf.Tensor2D,
  parts: {
    same: (i: number, j: number) => boolean;
    left: (i: number, j: number) => boolean;
    scale: number;
    weights: Float32Array;
  },
): LossValue {
  const [size, columns] = [embeddings.shape[0], references.shape[0]];
  const [own, all] = [new Float32Array(size * columns), new Float32Array(size * columns)];
  const weights = Float32Array.from(parts.weights);
  let counted = 0;
  for (let i = 0; i < size; i++) {
    let some = 0;
    for (let j = 0; j < columns; j++) {
      if (parts.left(i, j)) continue;
      all[i * columns + j] = 1;
      if (parts.same(i, j)) some = own[i * columns + j] = 1;
    }
    if (some === 0) weights[i] = 0;
    counted += some;
  }
  if (counted === 0) return zeroLoss(embeddings);
  const squares = itemDistances(embeddings, references, { distance: "sqeuclidean" });
  const logits = tf.mul(squares, -parts.scale) as tf.Tensor2D;
  const marks = [own, all].map((cells) => tf.tensor2d(cells, [size, columns]));
  const terms = tf.sub(maskedLogSumExp(logits, marks[1]!), maskedLogSumExp(logits, marks[0]!));
  const perExample = tf.mul(terms, tf.tensor1d(weights)) as tf.Tensor1D;
  return { value: tf.div(tf.sum(perExample), counted) as tf.Scalar, perExample };
}

export const ncaSettings = {
  softmax_scale: z.number().positive().default(1).describe("squared distances are multiplied by it"),
};

export const ncaPart = itemLossPart({
  kind: "nca",
  published: ["NCALoss"],
  summary: "share of an item's own label among its neighbours (Goldberger et al. 2004)",
  settings: ncaSettings,
  mines: "any",
  make: (options, parts) => {
    checkClasses("nca", parts);
    return comparedItemLoss(nca(options), parts);
  },
});
