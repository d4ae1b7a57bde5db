import { itemLossPart } from "../item-loss-part.js";
import { multiSimilarity, multiSimilaritySettings } from "../scores/multi-similarity.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { markedCosineLoss } from "./pair-marks.js";
import { meanOf } from "./reductions.js";

/** Multi-similarity loss of items, averaged over all of them; see {@link multiSimilarity}. */
export function itemMultiSimilarity(
  options: { alpha?: number; beta?: number; base?: number } = {},
): ComparedLoss {
  return markedCosineLoss(multiSimilarity(options), meanOf);
}

export const itemMultiSimilarityPart = itemLossPart({
  kind: "multi_similarity",
  published: ["MultiSimilarityLoss"],
  summary: "multi-similarity loss of labelled items (arXiv:1904.06627)",
  settings: multiSimilaritySettings,
  mines: "any",
  make: (options, parts) => comparedItemLoss(itemMultiSimilarity(options), parts),
});
