import * as tf from "@tensorflow/tfjs";
import { tracing } from "../../../engine/jit/tracing.js";
import { kthLargest } from "../../../engine/ops/kth-largest.js";
import { maxOverFew } from "../../../engine/ops/maxima.js";

export interface MultilabelOptions {
  /** negatives that count: the words with the largest terms, per picture */
  hardExamples: number;
  /** words that are neither positives nor negatives, e.g. padding, start and end */
  excluded: readonly number[];
}

/** Logit of word k for a picture: the best of its heads, max over h of ⟨head_h, w_k⟩. [B, H, D], [V, D] → [B, V] */
export function labelLogits(heads: tf.Tensor3D, words: tf.Tensor2D): tf.Tensor2D {
  const [batch, count, dim] = heads.shape;
  const products = tf.matMul(tf.reshape(heads, [batch * count, dim]), words, false, true);
  return maxOverFew(tf.reshape(products, [batch, count, words.shape[0]]), 1) as tf.Tensor2D;
}

/**
 * Every word of a query is a label of the picture: −ln σ(logit) summed over its distinct words, and −ln σ(−logit) summed
 * over the hardest of the other words; both averaged over the pictures.
 *
 * As published, the start and end tokens are left out as positives but kept as negatives; here what is excluded is so on
 * both sides (quirk 4).
 *
 * @param labels words of each picture; repeats and excluded ones do not count
 * @returns positive part per picture (what candidates are ranked by) and the whole loss
 * @see specs/3-kdd-multimodal-recall.md section 6
 */
export function multilabel(
  logits: tf.Tensor2D,
  labels: readonly (readonly number[])[],
  { hardExamples, excluded }: MultilabelOptions,
): { positive: tf.Tensor1D; negative: tf.Tensor1D; value: tf.Scalar } {
  const [batch, vocabulary] = logits.shape;
  const wanted = new Float32Array(batch * vocabulary);
  const other = new Float32Array(batch * vocabulary).fill(1);
  for (let row = 0; row < batch; row++) {
    for (const id of excluded) other[row * vocabulary + id] = 0;
    for (const id of labels[row]!) {
      if (excluded.includes(id)) continue;
      wanted[row * vocabulary + id] = 1;
      other[row * vocabulary + id] = 0;
    }
  }
  const shape: [number, number] = [batch, vocabulary];
  const positive = tf.sum(tf.mul(tf.softplus(tf.neg(logits)), tf.tensor2d(wanted, shape)), 1) as tf.Tensor1D;
  const terms = tf.mul(tf.softplus(logits), tf.tensor2d(other, shape)) as tf.Tensor2D;
  const negative = tf.sum(tf.mul(terms, hardestMask(terms, hardExamples)), 1) as tf.Tensor1D;
  return { positive, negative, value: tf.mean(tf.add(positive, negative)) as tf.Scalar };
}

/** 1 at the `count` largest entries of each row. The choice is a constant for the gradient. */
function hardestMask(terms: tf.Tensor2D, count: number): tf.Tensor2D {
  const [rows, columns] = terms.shape;
  if (count >= columns) return tf.ones([rows, columns]);
  if (tracing()) return graphMask(terms, count);
  const values = terms.dataSync() as Float32Array;
  const mask = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const span = values.subarray(row * columns, (row + 1) * columns);
    const threshold = kthLargest(span.slice(), count);
    let left = count;
    for (let j = 0; j < columns; j++)
      if (span[j]! > threshold) {
        mask[row * columns + j] = 1;
        left--;
      }
    for (let j = 0; j < columns && left > 0; j++)
      if (span[j] === threshold) {
        mask[row * columns + j] = 1;
        left--;
      }
  }
  return tf.tensor2d(mask, [rows, columns]);
}

/** The same in a graph, but that terms equal to the last chosen one are all chosen; most such are 0. */
function graphMask(terms: tf.Tensor2D, count: number): tf.Tensor2D {
  const choose = tf.customGrad((input) => {
    const { values } = tf.topk(input as tf.Tensor2D, count);
    const least = tf.slice(values, [0, count - 1], [-1, 1]);
    return {
      value: tf.cast(tf.greaterEqual(input as tf.Tensor2D, least), "float32"),
      gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
    };
  });
  return choose(terms) as tf.Tensor2D;
}
