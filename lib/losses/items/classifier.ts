import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { fillUniform } from "../../engine/random/fill-random.js";
import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { unitRows } from "../cosine.js";
import type { LossValue, OwnWeights } from "../loss.js";
import { checkPositive } from "../scores/score-loss.js";
import type { ComparedLoss } from "./compared-items.js";
import { meanOf } from "./reductions.js";

/** Sizes of a loss that trains a vector for each class. */
export interface ClassifierSize {
  /** distinct labels, 0 … classes − 1 */
  classes: number;
  /** length of the embeddings */
  dim: number;
  /** of the vectors' start */
  random: Random;
}

/** A loss with vectors of classes of its own, by which tests and callers reach the parts. */
export type ClassLoss = OwnWeights & { compute: ComparedLoss };

/**
 * Vectors of classes [classes · per, dim], trained with the loss: start uniform ±1/√dim.
 *
 * @throws RangeError for fewer than 2 classes
 */
export function classVectors(name: string, size: ClassifierSize, per = 1): tf.Variable<tf.Rank.R2> {
  const { classes, dim, random } = size;
  if (!Number.isInteger(classes) || classes < 2)
    throw new UserError(`${name}: classes must be an integer ≥ 2, got ${classes}`);
  const start = new Float32Array(classes * per * dim);
  fillUniform(start, 1 / Math.sqrt(dim), random, "class_weights");
  return tf.tidy(() => tf.variable(tf.tensor2d(start, [classes * per, dim]))) as tf.Variable<tf.Rank.R2>;
}

/** [N, classes] with 1 at each item's own class. @throws RangeError for a label that is no class */
export function ownClasses(name: string, labels: Int32Array, classes: number): tf.Tensor2D {
  const cells = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    if (!(label >= 0 && label < classes))
      throw new UserError(`${name}: labels must be in [0, ${classes}), got ${label}`);
    cells[i * classes + label] = 1;
  });
  return tf.tensor2d(cells, [labels.length, classes]);
}

/** Mean over items of weight · softmax cross-entropy of the own class; weights are the miner's, else 1. */
export function classCrossEntropy(logits: tf.Tensor2D, own: tf.Tensor2D, weights: Float32Array): LossValue {
  const terms = tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, own), 1));
  return meanOf(tf.mul(terms, tf.tensor1d(weights)) as tf.Tensor1D);
}

/** cos(θ + shift) of cos θ by the addition theorem, with a finite slope at cos θ = ±1. */
export function shiftedCosine<T extends tf.Tensor>(cosine: T, shift: number): T {
  const inside = tf.clipByValue(cosine, -1 + 1e-7, 1 - 1e-7);
  const sine = tf.sqrt(tf.sub(1, tf.square(inside)));
  return tf.sub(tf.mul(inside, Math.cos(shift)), tf.mul(sine, Math.sin(shift))) as T;
}

/**
 * Softmax cross-entropy over classes on cosines between items and class vectors ("class_weights"), where the own class's
 * cosine is changed by `withMargin` and all logits by `scaled`.
 */
export function marginClassifier(
  name: string,
  size: ClassifierSize & { scale: number },
  withMargin: (cosine: tf.Tensor2D) => tf.Tensor,
  scaled: (logits: tf.Tensor2D, embeddings: tf.Tensor2D, vectors: tf.Tensor2D) => tf.Tensor = (x) => x,
): ClassLoss {
  const { classes, scale } = size;
  checkPositive(name, "scale", scale);
  const vectors = classVectors(name, size);
  const compute: ComparedLoss = ({ embeddings, labels, tuples }) => {
    const own = ownClasses(name, labels, classes);
    const cosines = tf.matMul(unitRows(embeddings), unitRows(vectors), false, true) as tf.Tensor2D;
    const logits = tf.add(tf.mul(withMargin(cosines), own), tf.mul(cosines, tf.sub(1, own))) as tf.Tensor2D;
    const all = tf.mul(scaled(logits, embeddings, vectors), scale) as tf.Tensor2D;
    return classCrossEntropy(all, own, tuples.weights());
  };
  return { compute, weights: { class_weights: vectors } };
}

/** ‖row‖, [N, 1], with gradient 0 at a row of zeros. */
export function rowNorms(x: tf.Tensor2D): tf.Tensor2D {
  const squares = tf.sum(tf.square(x), 1, true);
  return tf.mul(tf.sqrt(tf.maximum(squares, 1e-16)), tf.step(squares)) as tf.Tensor2D;
}

/** Keys of losses that scale cosines. */
export function scaleSetting(value: number) {
  return z.number().positive().default(value).describe("the cosines are multiplied by it");
}
