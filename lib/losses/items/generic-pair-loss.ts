import type * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import type { LossValue } from "../loss.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { type ItemDistance, itemDistanceSettings, itemDistances } from "./item-distances.js";

/** The loss of the distances of positive pairs [P] and of negative ones [Q]. */
export type PairTerms = (positive: tf.Tensor1D, negative: tf.Tensor1D) => LossValue;

/**
 * A loss of one's own over mined pairs, as a function of their distances.
 *
 * @throws RangeError unless options.compute is a function
 */
export function genericPairLoss(options: ItemDistance & { compute?: PairTerms }): ComparedLoss {
  const { compute } = options;
  if (typeof compute !== "function")
    throw new UserError(
      "generic_pair: compute must be a function of the distances of positive and of negative pairs, got none; it can be given in code only (in YAML name a loss that registerItemLoss made known)",
    );
  return ({ embeddings, references, tuples }) => {
    const { positive, negative } = tuples.pairs();
    const distances = itemDistances(embeddings, references, options);
    return compute(
      entriesOf(distances, positive.anchor, positive.other),
      entriesOf(distances, negative.anchor, negative.other),
    );
  };
}

export const genericPairPart = itemLossPart({
  kind: "generic_pair",
  published: ["GenericPairLoss"],
  summary: "a function of one's own of the distances of positive and negative pairs; in code only",
  settings: {
    compute: z
      .custom<PairTerms>((given) => typeof given === "function")
      .optional()
      .describe("(positive, negative) → {value, perExample}; in code only"),
    ...itemDistanceSettings,
  },
  mines: "any",
  make: (options, parts) => comparedItemLoss(genericPairLoss(options as never), parts),
});
