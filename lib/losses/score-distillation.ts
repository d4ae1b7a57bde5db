import * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import { unitRows } from "./cosine.js";
import { checkPairs, type LossValue } from "./loss.js";

/** A loss against a teacher's scores [B, C] of the same queries and documents, held constant. */
export type ScoreTeacherLoss = (
  queries: tf.Tensor2D,
  documents: tf.Tensor2D,
  teacherScores: tf.Tensor2D,
) => LossValue;

/**
 * Distillation of a ranking: the student's distribution over the batch's documents follows the teacher's.
 * mean over i of Σⱼ pᵢⱼ (log pᵢⱼ − log rᵢⱼ),  p = softmax(teacherᵢⱼ / τₜ),  r = softmax(cos(qᵢ, dⱼ) / τ)
 *
 * @param options.temperature        τ > 0 of the student's cosines (default 0.05)
 * @param options.teacherTemperature τₜ > 0 of the teacher's scores (default 0.05)
 * @returns nats, 0 where both score alike
 * @throws RangeError for temperatures ≤ 0 and, when called, if shapes differ
 * @see Hinton et al. 2015, arXiv:1503.02531
 */
export function rankingDistillation(
  options: { temperature?: number; teacherTemperature?: number } = {},
): ScoreTeacherLoss {
  const { temperature = 0.05, teacherTemperature = 0.05 } = options;
  for (const [name, value] of Object.entries({ temperature, teacherTemperature }))
    if (!(value > 0 && Number.isFinite(value)))
      throw new UserError(`rankingDistillation: ${name} must be > 0, got ${value}`);
  return (queries, documents, teacherScores) => {
    checkScores("rankingDistillation", queries, documents, teacherScores);
    const teacher = tf.logSoftmax(tf.div(teacherScores, teacherTemperature));
    const cosines = tf.matMul(unitRows(queries), unitRows(documents), false, true);
    const student = tf.logSoftmax(tf.div(cosines, temperature));
    const perExample = tf.sum(tf.mul(tf.exp(teacher), tf.sub(teacher, student)), 1) as tf.Tensor1D;
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
}

/**
 * Margin-MSE over a batch: document i is the positive of query i, every other one a negative.
 * mean over i and j ≠ i of ((cᵢᵢ − cᵢⱼ) − (teacherᵢᵢ − teacherᵢⱼ))²,  c = student cosines
 *
 * For teachers that give cosines too; marginMse takes margins of one negative a query on any scale.
 *
 * @returns 0 for a batch of one document
 * @throws RangeError when called, if shapes differ
 * @see Hofstätter et al. 2020, arXiv:2010.02666
 */
export function batchMarginMse(): ScoreTeacherLoss {
  return (queries, documents, teacherScores) => {
    const [size, count] = [queries.shape[0], documents.shape[0]];
    checkScores("batchMarginMse", queries, documents, teacherScores);
    const own = tf.eye(size, count) as tf.Tensor2D;
    const margins = (matrix: tf.Tensor2D) => tf.sub(tf.sum(tf.mul(matrix, own), 1, true), matrix);
    const cosines = tf.matMul(unitRows(queries), unitRows(documents), false, true) as tf.Tensor2D;
    const differences = tf.square(tf.sub(margins(cosines), margins(teacherScores))); // 0 on the diagonal
    const perExample = tf.div(tf.sum(differences, 1), Math.max(1, count - 1)) as tf.Tensor1D;
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
}

function checkScores(
  caller: string,
  queries: tf.Tensor2D,
  documents: tf.Tensor2D,
  scores: tf.Tensor2D,
): void {
  checkPairs(caller, queries, documents);
  const shape = [queries.shape[0], documents.shape[0]];
  if (scores.shape.join() !== shape.join())
    throw new UserError(
      `${caller}: teacher scores must be [${shape.join(", ")}], got [${scores.shape.join(", ")}]`,
    );
}
