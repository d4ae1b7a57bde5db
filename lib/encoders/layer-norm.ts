import * as tf from "@tensorflow/tfjs";
import type { ParameterSet } from "./parameter-set.js";
import { columnSums } from "./transformer/column-sums.js";

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
 * Its gradient is written out: through the tape it costs several times as much on wasm.
 *
 * @param x    any rank; scale and shift [C] act on its last axis
 * @param axes number of trailing axes that mean and variance are taken over (default 1)
 * @see Ba et al. 2016, arXiv:1607.06450
 */
export function layerNorm(x: tf.Tensor, { scale, shift, epsilon }: LayerNormParameters, axes = 1): tf.Tensor {
  const width = x.shape[x.rank - 1]!;
  const entries = x.shape.slice(x.rank - axes).reduce((a, b) => a * b, 1);
  const groups: [number, number] = [x.size / entries, entries];
  const rows: [number, number] = [x.size / width, width];
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, by, plus, save] = args as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const centred = tf.sub(input, tf.mean(input, 1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon));
    const unit = tf.mul(centred, inverse);
    save([unit, inverse, by]);
    return {
      value: tf.reshape(tf.add(tf.mul(tf.reshape(unit, rows), by), plus), groups),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [u, inv, factor] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const slope = tf.reshape(dy, rows);
        const du = tf.reshape(tf.mul(slope, factor), groups);
        const along = tf.mean(tf.mul(du, u), 1, true);
        const dx = tf.mul(tf.sub(tf.sub(du, tf.mean(du, 1, true)), tf.mul(u, along)), inv);
        return [
          dx,
          columnSums(tf.mul(slope, tf.reshape(u, rows)) as tf.Tensor2D),
          columnSums(slope as tf.Tensor2D),
        ];
      },
    };
  });
  return tf.reshape(op(tf.reshape(x, groups), scale, shift), x.shape);
}
