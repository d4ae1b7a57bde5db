import * as tf from "@tensorflow/tfjs";
import { itemLossPart } from "../item-loss-part.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { itemDistances } from "./item-distances.js";
import { type LiftedOptions, liftedSettings } from "./lifted-structure.js";
import { pairMarks } from "./pair-marks.js";
import { logSumExpOrZero, meanOf } from "./reductions.js";

/**
 * Lifted structure loss over all positives of an item at once: mean over items of
 * max(0, ln Σₚ exp(d(a, p) − m₊) + ln Σₙ exp(m₋ − d(a, n))), a logarithm without terms being 0.
 *
 * @returns perExample: one value per item
 * @see Hermans et al. 2017, arXiv:1703.07737, page 4
 */
export function generalizedLiftedStructure(options: LiftedOptions = {}): ComparedLoss {
  const { posMargin = 0, negMargin = 1 } = options;
  return ({ embeddings, references, tuples }) => {
    const distances = itemDistances(embeddings, references, options);
    const { positives, negatives } = pairMarks(tuples, distances.shape);
    const pull = logSumExpOrZero(tf.sub(distances, posMargin) as tf.Tensor2D, positives);
    const push = logSumExpOrZero(tf.sub(negMargin, distances) as tf.Tensor2D, negatives);
    return meanOf(tf.relu(tf.add(pull, push)) as tf.Tensor1D);
  };
}

export const generalizedLiftedStructurePart = itemLossPart({
  kind: "generalized_lifted_structure",
  published: ["GeneralizedLiftedStructureLoss"],
  summary: "all positives of an item against all its negatives (arXiv:1703.07737)",
  settings: liftedSettings,
  mines: "any",
  make: (options, parts) => comparedItemLoss(generalizedLiftedStructure(options), parts),
});
