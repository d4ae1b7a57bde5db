import * as tf from "@tensorflow/tfjs";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { unitRows } from "./cosine.js";
import type { LossValue } from "./loss.js";
import type { Similarity } from "./scored-batch-loss.js";

/** Losses of scored pairs and of margins by their published names. */
export const publishedScoredLosses: Readonly<Record<string, string>> = {
  CosineSimilarityLoss: "cosine_similarity",
  MarginMSELoss: "margin_mse",
};

/** The kind that a published name of a loss of scores stands for; any other name as it is. */
export function scoredLossOf(name: string): string {
  return ownEntry(publishedScoredLosses, name) ?? name;
}

/** A loss of pairs (row i of both) whose similarity is given. */
export type ScoredPairLoss = (left: tf.Tensor2D, right: tf.Tensor2D, scores: Float32Array) => LossValue;

/** s_i of row i of a and row i of b, [N]. */
function rowSimilarity(a: tf.Tensor2D, b: tf.Tensor2D, similarity: Similarity): tf.Tensor1D {
  return similarity === "cosine"
    ? (tf.sum(tf.mul(unitRows(a), unitRows(b)), 1) as tf.Tensor1D)
    : (tf.sum(tf.mul(a, b), 1) as tf.Tensor1D);
}

/** Regression to scores: mean of (cos(aᵢ, bᵢ) − scoreᵢ)². */
export function cosineSimilarity(): ScoredPairLoss {
  return (left, right, scores) => {
    if (left.shape.join() !== right.shape.join() || scores.length !== left.shape[0])
      throw new UserError(
        `cosineSimilarity: both sides and scores must have equal rows, got [${left.shape}], [${right.shape}] and ${scores.length}`,
      );
    const perExample = tf.square(
      tf.sub(rowSimilarity(left, right, "cosine"), tf.tensor1d(scores)),
    ) as tf.Tensor1D;
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
}

/**
 * Distillation of score margins: mean of ((s(qᵢ, pᵢ) − s(qᵢ, nᵢ)) − teacherᵢ)².
 *
 * @param options.similarity of the student, "dot" (default, as published) or "cosine"
 * @throws RangeError for another similarity; when called, if shapes differ
 * @see Hofstätter et al. 2020, arXiv:2010.02666
 */
export function marginMse(
  options: { similarity?: Similarity } = {},
): (
  queries: tf.Tensor2D,
  positives: tf.Tensor2D,
  negatives: tf.Tensor2D,
  teacherMargins: Float32Array,
) => LossValue {
  const { similarity = "dot" } = options;
  if (similarity !== "dot" && similarity !== "cosine")
    throw new UserError(`marginMse: similarity must be dot or cosine, got "${similarity}"`);
  return (queries, positives, negatives, teacherMargins) => {
    const shapes = [queries, positives, negatives].map((side) => side.shape.join());
    if (new Set(shapes).size > 1 || teacherMargins.length !== queries.shape[0])
      throw new UserError(
        `marginMse: queries, positives, negatives and margins must have equal rows, got [${shapes.join("], [")}] and ${teacherMargins.length}`,
      );
    const student = tf.sub(
      rowSimilarity(queries, positives, similarity),
      rowSimilarity(queries, negatives, similarity),
    );
    const perExample = tf.square(tf.sub(student, tf.tensor1d(teacherMargins))) as tf.Tensor1D;
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
}
