import type * as tf from "@tensorflow/tfjs";
import type { PairBatch } from "../../experiment/pairs.js";
import type { FeatureBatch } from "../../features/batch.js";
import type { StoredTensor } from "../../files/safetensors.js";

/** What one step minimises: which documents are embedded, and the loss of the embeddings. */
export interface PreparedStep {
  /** the batch's documents, then further candidates */
  documents: FeatureBatch;
  /** rows of the pair set's documents that `documents` are */
  documentIds: Int32Array;
  /** on the tape; queries [B, D], documents [C, D] */
  loss(queries: tf.Tensor2D, documents: tf.Tensor2D): tf.Scalar;
}

/** What a training run minimises, with everything it remembers from step to step. */
export interface Objective {
  /** numbers that it trains itself, by name */
  readonly weights: Record<string, tf.Variable>;
  /** before an epoch: mines negatives anew, if it is time. Returns a line worth telling, or null */
  beginEpoch(epoch: number): string | null;
  /** @param step updates so far */
  prepare(batch: PairBatch, step: number): PreparedStep;
  /** after the update of a prepared step */
  stepDone(): void;
  /** values of monitors since the last call, by name */
  measurements(): Record<string, number>;
  /** everything needed to go on, weights included, by name */
  state(): Record<string, StoredTensor>;
  restore(state: Record<string, StoredTensor>): void;
}
