import * as tf from "@tensorflow/tfjs";
import { type DropoutDraws, dropout } from "../dropout.js";
import { applyLinear, type LinearParameters, type ParameterSet } from "../parameter-set.js";
import { maskedSoftmax } from "./masks.js";

export interface AttentionParameters {
  query: LinearParameters;
  key: LinearParameters;
  value: LinearParameters;
  out: LinearParameters;
}

export function attentionParameters(set: ParameterSet, name: string, width: number): AttentionParameters {
  return {
    query: set.linear(`${name}.query`, width, width),
    key: set.linear(`${name}.key`, width, width),
    value: set.linear(`${name}.value`, width, width),
    out: set.linear(`${name}.out`, width, width),
  };
}

/**
 * Multi-head self-attention with scaled dot products; padded positions are no keys.
 *
 * @param x     [B, R, W]
 * @param bias  [B, R], 0 or −1e9 at padding
 * @param heads divides W
 * @returns output [B, R, W] and the attention of each head before dropout [B, heads, R, R]
 * @see Vaswani et al. 2017, arXiv:1706.03762
 */
export function selfAttention(
  x: tf.Tensor3D,
  bias: tf.Tensor2D,
  { query, key, value, out }: AttentionParameters,
  options: { heads: number; dropout?: number; draws?: DropoutDraws | null },
): { output: tf.Tensor3D; attention: tf.Tensor } {
  const [batch, length, width] = x.shape;
  const { heads } = options;
  const dim = width / heads;
  const split = (linear: LinearParameters) =>
    tf.transpose(tf.reshape(applyLinear(x, linear), [batch, length, heads, dim]), [0, 2, 1, 3]);
  const scores = tf.div(tf.matMul(split(query), split(key), false, true), Math.sqrt(dim));
  const attention = maskedSoftmax(scores, tf.reshape(bias, [batch, 1, 1, length]));
  const kept = dropout(attention, options.dropout ?? 0, options.draws ?? null);
  const read = tf.reshape(tf.transpose(tf.matMul(kept, split(value)), [0, 2, 1, 3]), [batch, length, width]);
  return { output: applyLinear(read, out) as tf.Tensor3D, attention };
}
