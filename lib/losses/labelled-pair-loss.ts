import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../files/user-error.js";
import { minerKinds, miners } from "../negatives/miners/create-miner.js";
import { createItemLoss, itemLosses } from "./create-item-loss.js";
import { type LabelLoss, NoTuplesError } from "./label-loss.js";
import { type BatchLoss, checkPairs } from "./loss.js";
import { lossPart } from "./loss-part.js";

/**
 * A loss of labelled items as a loss of pairs: the items are the batch's queries, then its documents, and the label of
 * each is the number of its document, so that queries of one document belong together too. Documents beyond the batch's
 * own are negatives of every query. A batch in which the miner finds nothing has loss 0.
 *
 * @param options.classes the loss trains a vector for each document, so it has no value for documents without number
 * @returns perExample: one value per term of the loss
 * @throws NoTuplesError for a loss of classes without the documents' numbers, as in validation
 */
export function labelledPairLoss(loss: LabelLoss, options: { classes?: boolean } = {}): BatchLoss {
  const pairs: BatchLoss = (queries, documents, context = {}) => {
    checkPairs("labelledPairLoss", queries, documents);
    const [size, columns] = [queries.shape[0], documents.shape[0]];
    if (options.classes && !context.documentIds)
      throw new NoTuplesError("labelledPairLoss: documents must be those trained on, got others");
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
  return Object.assign(pairs, {
    readsIds: true,
    ...(loss.weights && { weights: loss.weights }),
    ...(loss.memory && { memory: loss.memory }),
  });
}

export const labelledPart = lossPart({
  kind: "labelled",
  summary: "queries and documents are items, labelled by the document",
  settings: {
    name: z
      .string()
      .min(1)
      .describe(
        "a loss of labelled items by its kind or published name, e.g. sup_con, ProxyAnchorLoss, or a registered one",
      ),
    options: z.record(z.string(), z.unknown()).default({}).describe("of the loss, spelled as in code"),
    miner: z
      .strictObject({
        name: z
          .string()
          .min(1)
          .describe(
            "by its kind or published name, e.g. batch_hard, TripletMarginMiner, or a registered one",
          ),
        options: z.record(z.string(), z.unknown()).default({}),
      })
      .nullable()
      .default(null)
      .describe("what the loss compares; null = all pairs or triplets"),
  },
  make: ({ name, options, miner }, random, { documents, dim }) => {
    if (!itemLosses.kinds().includes(itemLosses.kindOf(name)))
      throw new UserError(`loss.name: must be one of ${itemLosses.kinds().join(", ")}, got "${name}"`);
    const part = itemLosses.get(name);
    if (part.classes && documents < 2)
      throw new UserError(
        `loss.name: "${name}" trains a vector for each document and must know how many there are, got ${documents} (streamed pairs have no numbers)`,
      );
    const takes = part.mines === "any" || part.mines === null ? undefined : part.mines;
    const known = minerKinds(takes);
    if (miner !== null && part.mines !== null && !known.includes(miners.kindOf(miner.name)))
      throw new UserError(
        `loss.miner.name: must be one of ${known.join(", ")} for ${name}, got "${miner.name}"`,
      );
    const parts = {
      miner: miner && { ...miner.options, kind: miner.name },
      session: false,
      classes: documents,
      dim,
      random: random.fork("miner"),
    };
    const loss = createItemLoss({ ...options, kind: name }, parts);
    return labelledPairLoss(loss, { classes: part.classes ?? false });
  },
});
