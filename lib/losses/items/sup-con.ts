import { itemLossPart } from "../item-loss-part.js";
import { temperatureSetting } from "../loss-part.js";
import { softmaxScores } from "../scores/softmax.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { markedCosineLoss } from "./pair-marks.js";
import { meanAboveZero, zeroLoss } from "./reductions.js";

/**
 * Supervised contrastive loss, the positives of an item averaged outside the logarithm: −(1/|P|) Σₚ ln softmax over all
 * other items; see {@link softmaxScores}. The mean counts items with a loss above 0.
 *
 * @returns perExample: one value per item; 0 for a batch without positive or negative pairs
 * @see Khosla et al. 2020, arXiv:2004.11362
 */
export function supervisedContrastive(options: { temperature?: number } = {}): ComparedLoss {
  const loss = markedCosineLoss(softmaxScores(options.temperature ?? 0.1), meanAboveZero);
  return (items) => {
    const { positive, negative } = items.tuples.pairs();
    return positive.anchor.length === 0 || negative.anchor.length === 0
      ? zeroLoss(items.embeddings)
      : loss(items);
  };
}

export const supConPart = itemLossPart({
  kind: "sup_con",
  published: ["SupConLoss"],
  summary: "supervised contrastive loss (arXiv:2004.11362)",
  settings: { temperature: temperatureSetting() },
  mines: "any",
  make: (options, parts) => comparedItemLoss(supervisedContrastive(options), parts),
});
