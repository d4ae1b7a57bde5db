import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { unitRows } from "../cosine.js";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import { maskedLogSumExp } from "../scores/score-loss.js";
import { type ComparedLoss, checkClasses, comparedItemLoss } from "./compared-items.js";
import { meanOf, zeroLoss } from "./reductions.js";

/**
 * Angular loss: mean over positive pairs of ln(1 + Σₙ exp(4 tan²α (a + p)·n − 2 (1 + tan²α) a·p)), a and p unit vectors, n
 * over all items of other classes.
 *
 * @param options.alphaDegrees   α, the angle at the negative, in degrees
 * @param options.unitNegatives  divides n by its norm too; false (default) as pytorch-metric-learning, which leaves it as
 *   it is
 * @returns perExample: one value per positive pair; 0 for a batch without positive or negative pairs
 * @see Wang et al. 2017, arXiv:1708.01682
 */
export function angularLoss(options: { alphaDegrees?: number; unitNegatives?: boolean } = {}): ComparedLoss {
  const { alphaDegrees = 40, unitNegatives = false } = options;
  const tangent = Math.tan((alphaDegrees * Math.PI) / 180) ** 2;
  return ({ embeddings, references, labels, referenceLabels, tuples }) => {
    const { positive, negative } = tuples.pairs();
    const pairs = positive.anchor.length;
    if (pairs === 0 || negative.anchor.length === 0) return zeroLoss(embeddings);
    const [items, others] = [unitRows(embeddings), unitRows(references)];
    const negatives = unitNegatives ? others : references;
    // rows of pairs: (a + p)·n is a row of one product plus a row of another
    const pick = (count: number, at: Int32Array) =>
      tf.oneHot(tf.tensor1d(at, "int32"), count).toFloat() as tf.Tensor2D;
    const anchors = tf.matMul(pick(items.shape[0], positive.anchor), items);
    const positives = tf.matMul(pick(others.shape[0], positive.other), others);
    const crossing = tf.matMul(tf.add(anchors, positives) as tf.Tensor2D, negatives, false, true);
    const own = entriesOf(tf.matMul(items, others, false, true), positive.anchor, positive.other);
    const exponents = tf.sub(
      tf.mul(crossing, 4 * tangent),
      tf.mul(tf.expandDims(own, 1), 2 * (1 + tangent)),
    ) as tf.Tensor2D;
    const keep = new Float32Array(pairs * referenceLabels.length);
    for (let t = 0; t < pairs; t++)
      referenceLabels.forEach((label, j) => {
        if (label !== labels[positive.anchor[t]!]) keep[t * referenceLabels.length + j] = 1;
      });
    return meanOf(tf.softplus(maskedLogSumExp(exponents, tf.tensor2d(keep, exponents.shape))) as tf.Tensor1D);
  };
}

export const angularLossPart = itemLossPart({
  kind: "angular",
  published: ["AngularLoss"],
  publishedOptions: { alpha: "alpha_degrees" },
  summary: "bounds the angle at the negative of each triangle (arXiv:1708.01682)",
  settings: {
    alpha_degrees: z.number().gt(0).lt(90).default(40).describe("α in degrees"),
    unit_negatives: z
      .boolean()
      .default(false)
      .describe("divide negatives by their norm too; false as pytorch-metric-learning"),
  },
  mines: "any",
  make: (options, parts) => {
    checkClasses("angular", parts);
    return comparedItemLoss(angularLoss(options), parts);
  },
});
