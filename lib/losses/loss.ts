import type * as tf from "@tensorflow/tfjs";
import type { PartSpec } from "../config/part.js";
import type { StoredTensor } from "../files/safetensors.js";
import { UserError } from "../files/user-error.js";

/** What a loss may know about a batch besides its embeddings. */
export interface LossContext {
  /** [B, C] row by row: 1 = document j is a negative of query i, 0 = it is left out; own cells (i, i) are ignored */
  negatives?: Float32Array;
  /** [C] log of the expected number of times document j is among the candidates; taken off its score (logQ) */
  logQ?: Float32Array;
  /** [B, C] grade > 0 of every document known to answer the query, own cells included; elsewhere 0 */
  grades?: Float32Array;
  /** [C] number of each document: equal numbers are one document */
  documentIds?: Int32Array;
}

export interface LossValue {
  /** what is minimised */
  value: tf.Scalar;
  /** [B], the share of each query */
  perExample: tf.Tensor1D;
}

/** Numbers that a loss trains itself, e.g. a temperature; an optimiser moves them with the encoder's. */
export interface OwnWeights {
  /** by name, e.g. "temperature" */
  readonly weights?: Record<string, tf.Variable>;
  /** brings the weights back into their range after an update */
  readonly clamp?: () => void;
}

/** What a loss keeps from batch to batch besides its weights, and needs again when a training is resumed. */
export interface OwnMemory {
  readonly memory?: {
    state(): Record<string, StoredTensor>;
    restore(state: Readonly<Record<string, StoredTensor>>): void;
  };
}

/** Set by losses that read {@link LossContext.documentIds} or {@link LossContext.grades}. */
export interface LossNeeds {
  readonly readsIds?: boolean;
  readonly readsGrades?: boolean;
}

/**
 * queries [B, D] and documents [C, D], C ≥ B; document i is the positive of query i, the documents from row B on are
 * further candidates of every query.
 */
export type BatchLoss = ((queries: tf.Tensor2D, documents: tf.Tensor2D, context?: LossContext) => LossValue) &
  OwnWeights &
  OwnMemory &
  LossNeeds;

/** A loss in plain data. */
export type LossSpec = PartSpec;

/** Throws unless queries and documents are matrices of one width, with at least as many documents as queries. */
export function checkPairs(caller: string, queries: tf.Tensor2D, documents: tf.Tensor2D): void {
  const [a, b] = [queries.shape, documents.shape];
  if (a.length !== 2 || b.length !== 2 || b[0]! < a[0]! || a[1] !== b[1] || a[0] === 0)
    throw new UserError(
      `${caller}: queries [B, D] and documents [C, D] must have one width and C ≥ B ≥ 1, got [${a.join(", ")}] and [${b.join(", ")}]`,
    );
}
