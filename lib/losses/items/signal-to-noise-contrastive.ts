import { itemLossPart } from "../item-loss-part.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { contrastiveSettings, itemContrastive } from "./contrastive-loss.js";
import { signalToNoise } from "./item-distances.js";

/**
 * Contrastive loss with the signal-to-noise distance d(a, b) = Var(a − b)/Var(a) of unit rows: as {@link itemContrastive}.
 *
 * @see Yuan et al. 2019, arXiv:1904.02616
 */
export function signalToNoiseContrastive(options: { posMargin?: number; negMargin?: number }): ComparedLoss {
  return itemContrastive(options, signalToNoise);
}

export const signalToNoiseContrastivePart = itemLossPart({
  kind: "signal_to_noise_contrastive",
  published: ["SignalToNoiseRatioContrastiveLoss"],
  summary: "contrastive loss on the variance of differences (arXiv:1904.02616)",
  settings: contrastiveSettings,
  mines: "any",
  make: (options, parts) => comparedItemLoss(signalToNoiseContrastive(options), parts),
});
