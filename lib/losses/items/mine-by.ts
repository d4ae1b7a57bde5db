import * as tf from "@tensorflow/tfjs";
import type { Miner, Pairs, Triplets } from "../../negatives/miners/tuples.js";
import type { LabelContext } from "../label-loss.js";

/**
 * What a miner finds in a batch, given the things that it reads and no others.
 *
 * @param distances [N, N], made only where the miner reads them
 * @param lossOf    the loss over all tuples of some items, for miners that ask it
 */
export function mineBy<T extends Pairs | Triplets>(
  miner: Miner<T>,
  distances: () => tf.Tensor2D,
  embeddings: tf.Tensor2D,
  context: LabelContext,
  lossOf?: (kept: Int32Array) => number,
): T {
  const read =
    miner.readsDistances === false
      ? new Float32Array(0)
      : tf.tidy(() => distances().dataSync() as Float32Array);
  return miner(read, {
    ...context,
    ...(miner.readsRows && { rows: embeddings.dataSync() as Float32Array }),
    ...(miner.readsLosses && lossOf && { lossOf }),
  });
}
