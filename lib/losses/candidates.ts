import * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import type { LossContext } from "./loss.js";

/** What a masked logit is lowered by: e^−1e9 is 0 in any precision, and no NaN comes of it as −Infinity would make. */
const MASKED = -1e9;

/** The entries (i, i) of a [B, C] matrix, C ≥ B, as [B]: each query's score for its own document. */
export function ownScores(scores: tf.Tensor2D): tf.Tensor1D {
  return tf.sum(tf.mul(scores, ownCells(scores.shape[0], scores.shape[1])), 1) as tf.Tensor1D;
}

/** [B, C] with 1 at (i, i), else 0. */
export function ownCells(size: number, columns: number): tf.Tensor2D {
  return tf.eye(size, columns);
}

/** Logits with logQ taken off and masked candidates pushed to −1e9; own cells are never masked. */
export function withoutMasked(logits: tf.Tensor2D, { negatives, logQ }: LossContext): tf.Tensor2D {
  const [size, columns] = logits.shape;
  let out = logits;
  if (logQ) out = tf.sub(out, tf.tensor2d(logQ, [1, columns]));
  if (negatives) {
    const lowered = new Float32Array(size * columns);
    for (let i = 0; i < lowered.length; i++) if (negatives[i] === 0) lowered[i] = MASKED;
    for (let i = 0; i < size; i++) lowered[i * columns + i] = 0;
    out = tf.add(out, tf.tensor2d(lowered, [size, columns]));
  }
  return out;
}

/** [B, C] of 0 and 1: which candidates are negatives. Without a mask, all but the own ones. */
export function negativeCells(size: number, columns: number, { negatives }: LossContext): Float32Array {
  const cells = negatives ? Float32Array.from(negatives) : new Float32Array(size * columns).fill(1);
  if (cells.length !== size * columns)
    throw new UserError(
      `loss: negatives must have B · C = ${size} · ${columns} entries, got ${cells.length}`,
    );
  for (let i = 0; i < size; i++) cells[i * columns + i] = 0;
  return cells;
}
