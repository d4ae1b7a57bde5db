import * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import { negativeCells, ownCells } from "./candidates.js";
import { cosineMatrix } from "./cosine.js";
import { type BatchLoss, checkPairs } from "./loss.js";
import type { ScoreLoss } from "./scores/score-loss.js";

export type Similarity = "cosine" | "dot";

/** s_ij of queries [B, D] and documents [C, D]: cosine or dot product. */
export function similarityMatrix(
  queries: tf.Tensor2D,
  documents: tf.Tensor2D,
  similarity: Similarity,
): tf.Tensor2D {
  if (similarity !== "cosine" && similarity !== "dot")
    throw new UserError(`unknown similarity "${similarity}"; known: cosine, dot`);
  return similarity === "cosine"
    ? cosineMatrix(queries, documents)
    : tf.matMul(queries, documents, false, true);
}

/**
 * A loss of score matrices as a loss of a batch of pairs: query i has the positive i and all other documents given as
 * negatives, but for those that the context masks. logQ is taken off the scores before the loss divides them, times
 * `logQScale` (the loss's temperature, so that it lowers logits by logQ itself). The value is the mean over queries.
 *
 * @param options.readsGrades the positives of query i are all documents with a grade in the context, instead of i alone
 */
export function scoredBatchLoss(
  name: string,
  scoreLoss: ScoreLoss,
  options: { similarity?: Similarity; logQScale?: number; readsGrades?: boolean } = {},
): BatchLoss {
  const { similarity = "cosine", logQScale = 1, readsGrades = false } = options;
  const compute: BatchLoss = (queries, documents, context = {}) => {
    checkPairs(name, queries, documents);
    const [size, columns] = [queries.shape[0], documents.shape[0]];
    let scores = similarityMatrix(queries, documents, similarity);
    if (context.logQ) scores = tf.sub(scores, tf.mul(tf.tensor2d(context.logQ, [1, columns]), logQScale));
    const cells = negativeCells(size, columns, context);
    const grades = readsGrades ? context.grades : undefined;
    if (grades) for (let cell = 0; cell < cells.length; cell++) if (grades[cell]! > 0) cells[cell] = 0;
    const positives = grades ? tf.tensor2d(grades, [size, columns]) : ownCells(size, columns);
    const perExample = scoreLoss(scores, positives, tf.tensor2d(cells, [size, columns]));
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
  return Object.assign(compute, readsGrades && { readsGrades });
}
