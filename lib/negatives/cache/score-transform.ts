import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";

/**
 * T in s(q, d) = T(q · d): applied to every score. `apply` is differentiable; `value` is the same on a number, for the
 * scores of cached rows. Both must be increasing, so that the best of a group is the best before T.
 */
export interface ScoreTransform {
  apply(scores: tf.Tensor): tf.Tensor;
  value(score: number): number;
  /** trained with the model, by name */
  readonly weights?: Record<string, tf.Variable>;
}

export const identityTransform: ScoreTransform = { apply: (scores) => scores, value: (score) => score };

/** T(s) = scale · s. @throws RangeError unless scale > 0 */
export function scaledTransform(scale: number): ScoreTransform {
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new UserError(`scaledTransform: scale must be > 0, got ${scale}`);
  return { apply: (scores) => tf.mul(scores, scale), value: (score) => scale * score };
}

/** T(s) = e^t · s with the trained number t ("log_scale"), which starts at ln scale; the paper's trainable multiplier. */
export function learnableScale(scale: number): ScoreTransform {
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new UserError(`learnableScale: scale must be > 0, got ${scale}`);
  const logScale = tf.tidy(() => tf.variable(tf.scalar(Math.log(scale)))) as tf.Variable;
  return {
    apply: (scores) => tf.mul(scores, tf.exp(logScale)),
    value: (score) => score * Math.exp(logScale.dataSync()[0]!),
    weights: { log_scale: logScale },
  };
}
