import type * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import type { LossValue, OwnWeights } from "./loss.js";

/** Positions (a, b) of two items and whether they belong together. */
export interface MinedPairs {
  first: Int32Array;
  second: Int32Array;
  /** 1 = similar, 0 = dissimilar */
  similar: Int32Array;
}

/** Positions of anchors, positives and negatives. */
export interface MinedTriplets {
  anchor: Int32Array;
  positive: Int32Array;
  negative: Int32Array;
}

/** What is known about the items of a labelled batch. */
export interface LabelContext {
  /** [N] class of each item, or number of its session */
  labels: Int32Array;
  /** [N] session data only: 0 root, 1 positive match, −1 negative match */
  types?: Int32Array;
}

/**
 * A loss of labelled embeddings [N, D]. perExample has one value per term (pair, triplet or item, as the loss says); the
 * value is what is minimised.
 */
export type LabelLoss = ((embeddings: tf.Tensor2D, context: LabelContext) => LossValue) & OwnWeights;

/** Which pairs a loss compares; distances [N, N] row by row, empty for a miner that does not read them. */
export type PairMiner = ((distances: Float32Array, context: LabelContext) => MinedPairs) & MinerNeeds;
export type TripletMiner = ((distances: Float32Array, context: LabelContext) => MinedTriplets) & MinerNeeds;

export interface MinerNeeds {
  /** false: the miner reads labels only, so no distances are computed for it */
  readonly readsDistances?: boolean;
}

/** Thrown by losses whose miner found nothing in a batch; a trainer may skip the batch instead of stopping. */
export class NoTuplesError extends UserError {}
