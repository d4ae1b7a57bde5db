import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";

/**
 * Losses of a score matrix. scores [R, C]; positives and negatives [R, C] hold 1 where a candidate is one, else 0; a cell
 * that is neither is left out. Each returns one value per row, [R]; rows without a positive give 0, and so do rows
 * without a negative where the loss compares the two.
 */
export type ScoreLoss = (scores: tf.Tensor2D, positives: tf.Tensor2D, negatives: tf.Tensor2D) => tf.Tensor1D;

const FAR = 1e9;

/** log Σ exp over the cells that `keep` marks, [R]; about −1e9 where there are none. */
export function maskedLogSumExp(x: tf.Tensor2D, keep: tf.Tensor2D): tf.Tensor1D {
  // x · keep first: a masked cell must not overflow, whatever it holds
  return tf.logSumExp(tf.add(tf.mul(x, keep), tf.mul(tf.sub(keep, 1), FAR)), 1) as tf.Tensor1D;
}

/** Σ over the marked cells of x, divided by their number (0 for none), [R]. */
export function maskedMean(x: tf.Tensor2D, keep: tf.Tensor2D): tf.Tensor1D {
  return tf.div(tf.sum(tf.mul(x, keep), 1), tf.maximum(tf.sum(keep, 1), 1)) as tf.Tensor1D;
}

/** 1 for rows that have a marked cell, else 0, [R]. */
export function hasAny(keep: tf.Tensor2D): tf.Tensor1D {
  return tf.minimum(tf.sum(keep, 1), 1) as tf.Tensor1D;
}

/** x itself, through which no gradient flows. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const stop = tf.customGrad((input) => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return stop(x) as T;
}

/** The positive of each row's score, [R, 1], when no row has more than one; else null. */
export function onlyPositive(scores: tf.Tensor2D, positives: tf.Tensor2D): tf.Tensor2D | null {
  const most = tf.tidy(() => tf.max(tf.sum(tf.sign(positives), 1)).dataSync()[0]!);
  return most <= 1 ? (tf.sum(tf.mul(scores, tf.sign(positives)), 1, true) as tf.Tensor2D) : null;
}

/** @throws RangeError unless value is a finite number above 0 */
export function checkPositive(caller: string, name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value)))
    throw new UserError(`${caller}: ${name} must be > 0, got ${value}`);
}

/** Losses that compare all positives with all candidates hold rows × columns × columns numbers. */
export function checkCube(caller: string, rows: number, columns: number): void {
  if (rows * columns * columns > 2 ** 26)
    throw new UserError(
      `${caller}: rows × columns² must be at most 2^26 with several positives in a row, got ${rows} × ${columns}²; use fewer candidates or a softmax`,
    );
}
