import { itemLossPart } from "../item-loss-part.js";
import { circle, circleSettings } from "../scores/circle.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { markedCosineLoss } from "./pair-marks.js";
import { meanAboveZero } from "./reductions.js";

/** Circle loss of items, averaged over those with a loss above 0 (each has a positive and a negative); see {@link circle}. */
export function itemCircle(options: { margin?: number; gamma?: number } = {}): ComparedLoss {
  return markedCosineLoss(circle(options), meanAboveZero);
}

export const itemCirclePart = itemLossPart({
  kind: "circle",
  published: ["CircleLoss"],
  publishedOptions: { m: "margin" },
  summary: "circle loss of labelled items (arXiv:2002.10857)",
  settings: circleSettings,
  mines: "any",
  make: (options, parts) => comparedItemLoss(itemCircle(options), parts),
});
