import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { unitRows } from "../cosine.js";
import { type Distance, distanceMatrix } from "../distances.js";

/** How a loss of items measures, with the defaults of pytorch-metric-learning. */
export interface ItemDistance {
  distance?: Distance;
  /** rows are divided by their norm first */
  normalize?: boolean;
}

export const itemDistanceSettings = {
  distance: z
    .enum(["euclidean", "sqeuclidean", "cosine"])
    .default("euclidean")
    .describe("between two embeddings; cosine = 1 − cos"),
  normalize: z
    .boolean()
    .default(true)
    .describe("divide embeddings by their norm first, as published; margins count in units of unit vectors"),
};

/** d_ij, [N, M]. */
export function itemDistances(
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  { distance = "euclidean", normalize = true }: ItemDistance = {},
): tf.Tensor2D {
  return normalize ? distanceMatrix(unitRows(a), unitRows(b), distance) : distanceMatrix(a, b, distance);
}

/** Euclidean distances between unit vectors, what miners read. */
export function unitDistances(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return itemDistances(a, b);
}

/**
 * Signal-to-noise distance Var(a − b) / Var(a), variances over the D entries of unit rows; not symmetric. Var(a) is at least
 * 1e-12/D, for rows whose entries are all equal.
 */
export function signalToNoise(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const centred = (x: tf.Tensor2D) => {
    const unit = unitRows(x);
    return tf.sub(unit, tf.mean(unit, 1, true)) as tf.Tensor2D;
  };
  const [left, right] = [centred(a), centred(b)];
  return tf.div(
    distanceMatrix(left, right, "sqeuclidean"),
    tf.maximum(tf.sum(tf.square(left), 1, true), 1e-12),
  );
}
