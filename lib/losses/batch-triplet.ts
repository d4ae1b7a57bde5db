import * as tf from "@tensorflow/tfjs";
import { cosineMatrix } from "./cosine.js";
import { type BatchLoss, checkPairs } from "./loss.js";

/**
 * The (anchor, positive, negative) triples of a batch, row-major: anchor i, its own document i, and every document
 * j ≠ i with j ≤ numNegatives. The comparison is inclusive as published, so anchors beyond the limit get one negative
 * more than the others, and the first documents of the batch are always the negatives.
 *
 * @see specs/0-qdrl.md section 8 and quirk Q5
 */
export function tripletMask(
  batchSize: number,
  numNegatives: number,
): { anchor: number[]; positive: number[]; negative: number[] } {
  const anchor: number[] = [];
  const negative: number[] = [];
  for (let i = 0; i < batchSize; i++)
    for (let j = 0; j < batchSize && j <= numNegatives; j++)
      if (j !== i) {
        anchor.push(i);
        negative.push(j);
      }
  return { anchor, positive: anchor.slice(), negative };
}

/** Number of triples of {@link tripletMask}: each of the min(B, n + 1) columns is a negative of all B − 1 others. */
export function tripletCount(batchSize: number, numNegatives: number): number {
  const columns = Math.min(batchSize, numNegatives + 1);
  return columns * (batchSize - 1);
}

/**
 * In-batch triplet margin loss on cosine distance.
 * L = mean over the triples (i, j) of max(0, (1 − cᵢᵢ) − (1 − cᵢⱼ) + m), zeros included
 *
 * perExample is the mean over the triples of one anchor (0 for an anchor without one); since anchors can differ by
 * one in their number of triples, its mean is L only when numNegatives ≥ B − 1. A batch of one has no triples and
 * loss 0.
 *
 * @param options.margin       m, finite, ≥ 0
 * @param options.numNegatives columns j ≤ numNegatives serve as negatives, see {@link tripletMask}
 * @throws RangeError for options out of range and, when called, if shapes differ
 * @see specs/0-qdrl.md section 8
 */
export function batchTriplet(options: { margin: number; numNegatives: number }): BatchLoss {
  const { margin, numNegatives } = options;
  if (!(margin >= 0 && Number.isFinite(margin)))
    throw new RangeError(`batchTriplet: margin must be ≥ 0, got ${margin}`);
  if (!Number.isInteger(numNegatives) || numNegatives < 1)
    throw new RangeError(`batchTriplet: numNegatives must be a positive integer, got ${numNegatives}`);
  return (queries, documents) => {
    checkPairs("batchTriplet", queries, documents);
    const size = queries.shape[0];
    const { mask, shares } = maskOf(size, numNegatives);
    const cosines = cosineMatrix(queries, documents);
    const own = tf.sum(tf.mul(cosines, tf.eye(size)), 1, true);
    const terms = tf.mul(tf.relu(tf.add(tf.sub(cosines, own), margin)), tf.tensor2d(mask, [size, size]));
    const sums = tf.sum(terms, 1) as tf.Tensor1D;
    return {
      value: tf.div(tf.sum(sums), Math.max(1, tripletCount(size, numNegatives))) as tf.Scalar,
      perExample: tf.mul(sums, tf.tensor1d(shares)) as tf.Tensor1D,
    };
  };
}

/** 0/1 matrix of the triples, and 1/(number of triples) for each anchor. */
function maskOf(size: number, numNegatives: number): { mask: Float32Array; shares: Float32Array } {
  const mask = new Float32Array(size * size);
  const shares = new Float32Array(size);
  const columns = Math.min(size, numNegatives + 1);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < columns; j++) if (j !== i) mask[i * size + j] = 1;
    const count = i < columns ? columns - 1 : columns;
    shares[i] = count === 0 ? 0 : 1 / count;
  }
  return { mask, shares };
}
