import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../files/user-error.js";
import { ownScores } from "./candidates.js";
import { cosineMatrix } from "./cosine.js";
import { type BatchLoss, checkPairs } from "./loss.js";
import { lossPart, marginSetting } from "./loss-part.js";

/**
 * In-batch triplet margin loss on cosine distance.
 * L = mean over the triples (i, j) of max(0, (1 − cᵢᵢ) − (1 − cᵢⱼ) + m), zeros included
 *
 * perExample is the mean over the triples of one anchor (0 for an anchor without one); since anchors can differ by
 * one in their number of triples, its mean is L only when numNegatives ≥ B − 1. A batch of one has no triples and
 * loss 0. Documents from row B on are negatives of every anchor; documents that the context masks are none. logQ is
 * not used.
 *
 * @param options.margin       m, finite, ≥ 0
 * @param options.numNegatives columns j ≤ numNegatives serve as negatives; inclusive as published, so anchors beyond it get one more
 * @throws RangeError for options out of range and, when called, if shapes differ
 * @see specs/0-qdrl.md section 8
 */
export function batchTriplet(options: { margin: number; numNegatives: number }): BatchLoss {
  const { margin, numNegatives } = options;
  if (!(margin >= 0 && Number.isFinite(margin)))
    throw new UserError(`batchTriplet: margin must be ≥ 0, got ${margin}`);
  if (!Number.isInteger(numNegatives) || numNegatives < 1)
    throw new UserError(`batchTriplet: numNegatives must be a positive integer, got ${numNegatives}`);
  return (queries, documents, context = {}) => {
    checkPairs("batchTriplet", queries, documents);
    const [size, columns] = [queries.shape[0], documents.shape[0]];
    const { mask, shares, count } = maskOf(size, columns, numNegatives, context.negatives);
    const cosines = cosineMatrix(queries, documents);
    const own = tf.expandDims(ownScores(cosines), 1);
    const terms = tf.mul(tf.relu(tf.add(tf.sub(cosines, own), margin)), tf.tensor2d(mask, [size, columns]));
    const sums = tf.sum(terms, 1) as tf.Tensor1D;
    return {
      value: tf.div(tf.sum(sums), Math.max(1, count)) as tf.Scalar,
      perExample: tf.mul(sums, tf.tensor1d(shares)) as tf.Tensor1D,
    };
  };
}

/** 0/1 matrix of the triples, 1/(number of triples) for each anchor, and their number. */
function maskOf(
  size: number,
  columns: number,
  numNegatives: number,
  negatives: Float32Array | undefined,
): { mask: Float32Array; shares: Float32Array; count: number } {
  const mask = new Float32Array(size * columns);
  const shares = new Float32Array(size);
  let total = 0;
  for (let i = 0; i < size; i++) {
    let count = 0;
    for (let j = 0; j < columns; j++) {
      const used = j !== i && (j <= numNegatives || j >= size) && negatives?.[i * columns + j] !== 0;
      if (!used) continue;
      mask[i * columns + j] = 1;
      count++;
    }
    shares[i] = count === 0 ? 0 : 1 / count;
    total += count;
  }
  return { mask, shares, count: total };
}

export const batchTripletPart = lossPart({
  kind: "triplet",
  summary: "triplet margin on cosine distance over the first documents of the batch, as published",
  settings: {
    num_negatives: z
      .int()
      .min(1)
      .default(63)
      .describe("columns j ≤ num_negatives serve as negatives (published rule)"),
    margin: marginSetting(0.3, "m, in units of cosine distance"),
  },
  make: batchTriplet,
});
