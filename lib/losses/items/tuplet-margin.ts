import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { cosineMatrix } from "../cosine.js";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import { checkPositive } from "../scores/score-loss.js";
import { shiftedCosine } from "./classifier.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { cellCounts, countedLogSumExp, entriesAt, meanOf, zeroLoss } from "./reductions.js";

/**
 * Tuplet margin loss: mean over positive pairs of ln(1 + Σₙ exp(s (cos θ(a, n) − cos(θ(a, p) − m)))), n over the negatives
 * of a. The margin makes hard positives count less, as if they were nearer.
 *
 * @param options.marginDegrees m in degrees, default 5.73 (0.1 rad)
 * @returns perExample: one value per positive pair; 0 for a batch without positive or negative pairs
 * @see Yu & Tao 2019, "Deep Metric Learning with Tuplet Margin Loss", ICCV
 */
export function tupletMargin(options: { marginDegrees?: number; scale?: number } = {}): ComparedLoss {
  const { marginDegrees = 5.73, scale = 64 } = options;
  checkPositive("tuplet_margin", "scale", scale);
  return ({ embeddings, references, tuples }) => {
    const { positive, negative } = tuples.pairs();
    if (positive.anchor.length === 0 || negative.anchor.length === 0) return zeroLoss(embeddings);
    const cosines = cosineMatrix(embeddings, references);
    const counts = cellCounts(negative.anchor, negative.other, cosines.shape);
    const others = countedLogSumExp(tf.mul(cosines, scale) as tf.Tensor2D, counts);
    const near = entriesOf(cosines, positive.anchor, positive.other);
    const eased = tf.mul(shiftedCosine(near, (-marginDegrees * Math.PI) / 180), scale);
    return meanOf(tf.softplus(tf.sub(entriesAt(others, positive.anchor), eased)) as tf.Tensor1D);
  };
}

export const tupletMarginPart = itemLossPart({
  kind: "tuplet_margin",
  published: ["TupletMarginLoss"],
  publishedOptions: { margin: "margin_degrees" },
  summary: "each positive pair, eased by an angle, against the negatives of its anchor",
  settings: {
    margin_degrees: z.number().min(0).max(90).default(5.73).describe("m in degrees"),
    scale: z.number().positive().default(64).describe("the cosines are multiplied by it"),
  },
  mines: "any",
  make: (options, parts) => comparedItemLoss(tupletMargin(options), parts),
});
