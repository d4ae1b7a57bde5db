import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { itemLossPart } from "../item-loss-part.js";
import type { LabelLoss } from "../label-loss.js";
import { type BatchLoss, checkPairs, type LossValue } from "../loss.js";
import { lossPart } from "../loss-part.js";

export interface VicRegOptions {
  /** λ, of the distance within pairs */
  invariance?: number;
  /** μ, of each entry's variance over the batch */
  variance?: number;
  /** ν, of the covariances between entries */
  covariance?: number;
  /** added to a variance before its root */
  epsilon?: number;
}

/**
 * VICReg of two views [N, D] of the same things, without negatives:
 * λ mean (xᵢ − yᵢ)² + μ ½ [mean over entries of max(0, 1 − √(Var + ε)) of x, and of y] + ν Σ off-diagonal Cov²/D of x and y.
 * Embeddings are taken as they are, not as unit vectors.
 *
 * @returns perExample: [N], the part of λ
 * @throws RangeError for fewer than two rows
 * @see Bardes et al. 2022, arXiv:2105.04906
 */
export function vicReg(options: VicRegOptions = {}): (x: tf.Tensor2D, y: tf.Tensor2D) => LossValue {
  const { invariance = 25, variance = 25, covariance = 1, epsilon = 1e-4 } = options;
  return (x, y) => {
    const [size, dim] = x.shape;
    if (size < 2) throw new UserError(`vicreg: a batch must have at least 2 pairs, got ${size}`);
    const perExample = tf.mul(tf.mean(tf.square(tf.sub(x, y)), 1), invariance) as tf.Tensor1D;
    const view = (z: tf.Tensor2D) => {
      const centred = tf.sub(z, tf.mean(z, 0, true)) as tf.Tensor2D;
      const covariances = tf.div(tf.matMul(centred, centred, true), size - 1);
      const variances = tf.div(tf.sum(tf.square(centred), 0), size - 1);
      const spread = tf.mean(tf.relu(tf.sub(1, tf.sqrt(tf.add(variances, epsilon)))));
      const crossing = tf.div(tf.sub(tf.sum(tf.square(covariances)), tf.sum(tf.square(variances))), dim);
      return tf.add(tf.mul(spread, variance / 2), tf.mul(crossing, covariance));
    };
    return { value: tf.add(tf.mean(perExample), tf.add(view(x), view(y))) as tf.Scalar, perExample };
  };
}

/** {@link vicReg} of labelled items: those of a label in order, the first with the second, the third with the fourth. */
export function itemVicReg(options: VicRegOptions = {}): LabelLoss {
  const loss = vicReg(options);
  return (embeddings, { labels }) => {
    const waiting = new Map<number, number>();
    const pairs: [number, number][] = [];
    labels.forEach((label, i) => {
      const first = waiting.get(label);
      if (first === undefined) waiting.set(label, i);
      else {
        pairs.push([first, i]);
        waiting.delete(label);
      }
    });
    if (pairs.length < 2)
      throw new UserError(`vicreg: a batch must hold at least 2 pairs of one label, got ${pairs.length}`);
    const side = (k: 0 | 1) => {
      const marks = tf.oneHot(
        tf.tensor1d(
          pairs.map((pair) => pair[k]),
          "int32",
        ),
        labels.length,
      );
      return tf.matMul(marks.toFloat(), embeddings) as tf.Tensor2D;
    };
    return loss(side(0), side(1));
  };
}

/** {@link vicReg} of queries and their documents. Further candidates and masks mean nothing to it. */
export function pairVicReg(options: VicRegOptions = {}): BatchLoss {
  const loss = vicReg(options);
  return (queries, documents) => {
    checkPairs("vicreg", queries, documents);
    return loss(queries, tf.slice(documents, [0, 0], queries.shape));
  };
}

const settings = {
  invariance: z.number().min(0).default(25).describe("λ, weight of the distance within pairs"),
  variance: z.number().min(0).default(25).describe("μ, weight of each entry's spread over the batch"),
  covariance: z.number().min(0).default(1).describe("ν, weight of the covariances between entries"),
  epsilon: z.number().positive().default(1e-4).describe("added to a variance before its root"),
};
const published = {
  published: ["VICRegLoss"],
  publishedOptions: {
    invariance_lambda: "invariance",
    variance_mu: "variance",
    covariance_v: "covariance",
    eps: "epsilon",
  },
} as const;

export const itemVicRegPart = itemLossPart({
  kind: "vicreg",
  ...published,
  summary: "two views of an item, without negatives (arXiv:2105.04906)",
  settings,
  mines: null,
  make: itemVicReg,
});

export const pairVicRegPart = lossPart({
  kind: "vicreg",
  ...published,
  summary: "query and document as two views, without negatives (arXiv:2105.04906)",
  settings,
  make: pairVicReg,
});
