import * as tf from "@tensorflow/tfjs";
import type { ParameterSet } from "./parameter-set.js";

/** One slope for a whole layer, 0.25 at first. */
export function preluSlope(set: ParameterSet, name: string): tf.Variable<tf.Rank.R0> {
  return set.constant<tf.Rank.R0>(`${name}.slope`, [], 0.25);
}

/** max(0, x) + slope · min(0, x). @see He et al. 2015, arXiv:1502.01852 */
export function prelu<T extends tf.Tensor>(x: T, slope: tf.Tensor): T {
  return tf.sub(tf.relu(x), tf.mul(slope, tf.relu(tf.neg(x)))) as T;
}
