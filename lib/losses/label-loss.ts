import type * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import type { LossValue, OwnMemory, OwnWeights } from "./loss.js";

/** What is known about the items of a labelled batch. */
export interface LabelContext {
  /** [N] class of each item, or number of its session */
  labels: Int32Array;
  /** [N] session data only: 0 root, 1 positive match, −1 negative match */
  types?: Int32Array;
  /** true: the batch is looked at only; a loss with a memory keeps nothing of it */
  validation?: boolean;
}

/**
 * A loss of labelled embeddings [N, D]. perExample has one value per term (pair, triplet or item, as the loss says); the
 * value is what is minimised.
 */
export type LabelLoss = ((embeddings: tf.Tensor2D, context: LabelContext) => LossValue) &
  OwnWeights &
  OwnMemory;

/** Thrown by losses whose miner found nothing in a batch; a trainer may skip the batch instead of stopping. */
export class NoTuplesError extends UserError {}
