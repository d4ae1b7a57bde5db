import * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import { unitRows } from "./cosine.js";
import type { LossValue } from "./loss.js";

/**
 * Regression to a teacher's embeddings of the same texts, by direction: mean over i of 1 − cos(sᵢ, tᵢ).
 * Of unit vectors it is half the mean squared error.
 *
 * @param student [N, D]
 * @param teacher [N, D], held constant
 * @returns 0 where all directions agree, 2 where all are opposed; a zero row of the student costs 1
 * @throws RangeError if shapes differ
 * @see Reimers & Gurevych 2020, arXiv:2004.09813
 */
export function embeddingDistillation(student: tf.Tensor2D, teacher: tf.Tensor2D): LossValue {
  if (student.shape.join() !== teacher.shape.join())
    throw new UserError(
      `embeddingDistillation: student and teacher must have equal shapes, got [${student.shape}] and [${teacher.shape}]`,
    );
  const cosines = tf.sum(tf.mul(unitRows(student), unitRows(teacher)), 1);
  const perExample = tf.sub(1, cosines) as tf.Tensor1D;
  return { value: tf.mean(perExample) as tf.Scalar, perExample };
}
