import type * as tf from "@tensorflow/tfjs";

/** What a loss may know about a batch besides its embeddings. */
export interface LossContext {
  queryIds?: readonly string[];
  documentIds?: readonly string[];
  /** per query, the columns of this batch that are positives beside its own */
  knownPositives?: readonly (readonly number[])[];
}

export interface LossValue {
  /** what is minimised */
  value: tf.Scalar;
  /** [B], the share of each query */
  perExample: tf.Tensor1D;
}

/** queries [B, D] and documents [B, D]; document i is the positive of query i. */
export type BatchLoss = (queries: tf.Tensor2D, documents: tf.Tensor2D, context?: LossContext) => LossValue;

/** A loss in plain data. */
export type LossSpec =
  | { kind: "batch_softmax"; temperature: number }
  | { kind: "triplet"; margin: number; numNegatives: number };

/** Throws unless queries and documents are matrices of one shape with at least one row. */
export function checkPairs(caller: string, queries: tf.Tensor2D, documents: tf.Tensor2D): void {
  const [a, b] = [queries.shape, documents.shape];
  if (a.length !== 2 || b.length !== 2 || a[0] !== b[0] || a[1] !== b[1] || a[0] === 0)
    throw new RangeError(
      `${caller}: queries and documents must have equal shapes [B, D], got [${a.join(", ")}] and [${b.join(", ")}]`,
    );
}
