import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";
import { type GemOptions, gemDefaults } from "../gem.js";

export const poolings = ["cls", "mean", "max", "pooler", "gem"] as const;

/** How a text's token vectors become one; "pooler" is BERT's dense layer and tanh over the first token. */
export type Pooling = (typeof poolings)[number];

/**
 * Token vectors → text vectors; masked positions do not count.
 * cls: first token. mean, max: over tokens. gem: (mean of max(h, eps)^p)^(1/p), the generalised mean (p 3, eps 1e-6 by default).
 *
 * @param hidden [B, T, D]
 * @param mask   [B, T], 1 = token; every text has at least one
 * @param pooler weight [D, D] and bias [D], for "pooler"
 * @returns [B, D]
 * @see specs: 2-dense-retrieval-course, vector pooling; Radenović et al. 2018, arXiv:1711.02512 (GeM)
 */
export function pool(
  kind: Pooling,
  hidden: tf.Tensor3D,
  mask: tf.Tensor2D,
  pooler?: (first: tf.Tensor2D) => tf.Tensor2D,
  { p, eps }: GemOptions = gemDefaults,
): tf.Tensor2D {
  const [B, T, D] = hidden.shape;
  if (kind === "cls" || kind === "pooler") {
    const first = tf.reshape(tf.slice(hidden, [0, 0, 0], [B, 1, D]), [B, D]) as tf.Tensor2D;
    if (kind === "cls") return first;
    if (!pooler) throw new UserError("pool: pooling pooler needs the pooler's parameters, got none");
    return tf.tanh(pooler(first));
  }
  const shares = tf.reshape(tf.div(mask, tf.sum(mask, 1, true)), [B, 1, T]) as tf.Tensor3D;
  if (kind === "mean") return tf.reshape(tf.matMul(shares, hidden), [B, D]);
  if (kind === "gem") {
    const powers = tf.pow(tf.maximum(hidden, eps), p) as tf.Tensor3D;
    return tf.pow(tf.reshape(tf.matMul(shares, powers), [B, D]), 1 / p);
  }
  const hide = tf.reshape(tf.mul(tf.sub(mask, 1), 1e9), [B, T, 1]); // −1e9 where masked
  return tf.max(tf.add(hidden, hide), 1) as tf.Tensor2D;
}
