import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../files/user-error.js";
import { minerKinds } from "../negatives/miners/create-miner.js";
import { createItemLoss, itemLosses } from "./create-item-loss.js";
import { type LabelLoss, NoTuplesError } from "./label-loss.js";
import { type BatchLoss, checkPairs } from "./loss.js";
import { lossPart } from "./loss-part.js";

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

export const labelledPart = lossPart({
  kind: "labelled",
  summary: "queries and documents are items, labelled by the document",
  settings: {
    name: z
      .string()
      .min(1)
      .describe("a loss of labelled items, e.g. triplet, siamese, sup_con, or a registered one"),
    options: z.record(z.string(), z.unknown()).default({}).describe("of the loss, spelled as in code"),
    miner: z
      .strictObject({
        name: z.string().min(1).describe("e.g. easy_hard_triplets, or a registered one"),
        options: z.record(z.string(), z.unknown()).default({}),
      })
      .nullable()
      .default(null)
      .describe("what the loss compares; null = all pairs or triplets"),
  },
  make: ({ name, options, miner }, random) => {
    const fitting = itemLosses.parts().filter(({ overPairs }) => overPairs ?? true);
    const part = fitting.find(({ kind }) => kind === name);
    if (!part)
      throw new UserError(
        `loss.name: must be one of ${fitting.map(({ kind }) => kind).join(", ")}, got "${name}"`,
      );
    if (miner !== null && part.mines !== null && !minerKinds(part.mines).includes(miner.name))
      throw new UserError(
        `loss.miner.name: must be one of ${minerKinds(part.mines).join(", ")} for ${name}, got "${miner.name}"`,
      );
    const parts = {
      miner: miner && { ...miner.options, kind: miner.name },
      session: false,
      classes: 0,
      dim: 0,
      random: random.fork("miner"),
    };
    return labelledPairLoss(createItemLoss({ ...options, kind: name }, parts));
  },
});
