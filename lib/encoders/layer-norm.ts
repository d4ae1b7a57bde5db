import * as tf from "@tensorflow/tfjs";
import type { ParameterSet } from "./parameter-set.js";

export interface LayerNormParameters {
  scale: tf.Tensor;
  shift: tf.Tensor;
  epsilon: number;
}

/** scale 1 and shift 0 of `width` entries. */
export function layerNormParameters(
  set: ParameterSet,
  name: string,
  width: number,
  epsilon = 1e-5,
): LayerNormParameters {
  return {
    scale: set.constant(`${name}.scale`, [width], 1),
    shift: set.constant(`${name}.shift`, [width], 0),
    epsilon,
  };
}

/**
 * (x − mean) / √(variance + ε) · scale + shift, over the last `axes` axes; the variance is that of the population.
 *
 * @param x    any rank; scale and shift act on its last axis
 * @param axes number of trailing axes that mean and variance are taken over (default 1)
 */
export function layerNorm(x: tf.Tensor, { scale, shift, epsilon }: LayerNormParameters, axes = 1): tf.Tensor {
  const over = Array.from({ length: axes }, (_, i) => x.rank - axes + i);
  const mean = tf.mean(x, over, true);
  const centred = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centred), over, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale), shift);
}
