import type { Part } from "../../../config/part.js";
import type { Random } from "../../../engine/random/random.js";

/** Questions that might come next, as the present model sees them. */
export interface Considered {
  /** Q */
  count: number;
  /** [Q, k] cosine of each question's nearest candidates, best first; −Infinity where there are fewer */
  scores: Float32Array;
  k: number;
  /** [Q, dim] embeddings of the questions, of length 1 */
  vectors: Float32Array;
  /** [A, dim] embeddings of the questions that were answered, of length 1; made when they are asked for */
  answered(): Float32Array;
  dim: number;
  random: Random;
}

/** A way to choose which question comes next. */
export interface ChoicePart extends Part {
  /** Looks at the questions in the order of the data, from the first on, rather than at a random draw of them. */
  readonly inOrder?: true;
  /** @returns the first `wanted` positions of the considered questions, best first */
  rank(considered: Considered, wanted: number): Int32Array;
}

/** Positions by falling value, ties by position. */
export function byFallingValue(values: ArrayLike<number>, wanted: number): Int32Array {
  const order = Int32Array.from({ length: values.length }, (_, i) => i);
  order.sort((a, b) => values[b]! - values[a]! || a - b);
  return order.slice(0, wanted);
}
