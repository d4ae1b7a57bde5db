import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { lossSpec } from "../../experiment/training-specs.js";
import { UserError } from "../../files/user-error.js";
import { createLoss } from "../../losses/create-loss.js";
import { type LabelLoss, NoTuplesError } from "../../losses/label-loss.js";
import { type BatchLoss, checkPairs } from "../../losses/loss.js";
import { minerKinds } from "../../negatives/miners/create-miner.js";
import { createItemLoss, itemLossKinds, itemLossMines } from "./item-losses.js";

/** Losses that train a vector per label, or that need every label twice: pairs do not have such labels. */
const unfit = ["arc_face", "cos_face", "nt_xent"];

/** The loss that a configuration names, registered ones and those of labelled items included. */
export function lossOf({ loss }: Pick<ExperimentConfig, "loss">, random: Random): BatchLoss {
  if (loss.type !== "labelled") return createLoss(lossSpec({ loss }));
  const fitting = itemLossKinds().filter((kind) => !unfit.includes(kind));
  if (!fitting.includes(loss.name))
    throw new UserError(`loss.name: must be one of ${fitting.join(", ")}, got "${loss.name}"`);
  const mines = itemLossMines(loss.name);
  if (loss.miner !== null && mines !== null && !minerKinds(mines).includes(loss.miner.name))
    throw new UserError(
      `loss.miner.name: must be one of ${minerKinds(mines).join(", ")} for ${loss.name}, got "${loss.miner.name}"`,
    );
  const miner = loss.miner && { ...loss.miner.options, kind: loss.miner.name };
  const parts = { miner, session: false, classes: 0, dim: 0, random: random.fork("miner") };
  return labelledPairLoss(createItemLoss({ ...loss.options, kind: loss.name }, parts));
}

/**
 * A loss of labelled items as a loss of pairs: the items are the batch's queries, then its documents, and the label of
 * each is the number of its document, so that queries of one document belong together too. Documents beyond the batch's
 * own are negatives of every query. A batch in which the miner finds nothing has loss 0.
 *
 * @returns perExample: one value per term of the loss
 */
export function labelledPairLoss(loss: LabelLoss): BatchLoss {
  const pairs: BatchLoss = (queries, documents, context = {}) => {
    checkPairs("labelledPairLoss", queries, documents);
    const [size, columns] = [queries.shape[0], documents.shape[0]];
    const ids = context.documentIds ?? Int32Array.from({ length: columns }, (_, i) => i);
    const labels = Int32Array.from([...ids.slice(0, size), ...ids]);
    try {
      return loss(tf.concat2d([queries, documents], 0), { labels });
    } catch (error) {
      if (!(error instanceof NoTuplesError)) throw error;
      const perExample = tf.mul(tf.sum(queries, 1), 0) as tf.Tensor1D;
      return { value: tf.sum(perExample) as tf.Scalar, perExample };
    }
  };
  return Object.assign(pairs, { readsIds: true, ...(loss.weights && { weights: loss.weights }) });
}
