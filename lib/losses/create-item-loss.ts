import type { PartSpec, Settings } from "../config/part.js";
import { PartRegistry } from "../config/part-registry.js";
import { UserError } from "../files/user-error.js";
import type { AnyItemLossPart, ItemLossParts } from "./item-loss-part.js";
import { angularLossPart } from "./items/angular-loss.js";
import { arcFacePart } from "./items/arc-face.js";
import { centroidTripletPart } from "./items/centroid-triplet.js";
import { itemContrastivePart } from "./items/contrastive-loss.js";
import { cosFacePart } from "./items/cos-face.js";
import { crossBatchMemoryPart } from "./items/cross-batch-memory.js";
import { easyPositivePart } from "./items/easy-positive-loss.js";
import { fastApPart } from "./items/fast-ap.js";
import { generalizedLiftedStructurePart } from "./items/generalized-lifted-structure.js";
import { genericPairPart } from "./items/generic-pair-loss.js";
import { intraPairVariancePart } from "./items/intra-pair-variance.js";
import { itemCirclePart } from "./items/item-circle.js";
import { itemMultiSimilarityPart } from "./items/item-multi-similarity.js";
import { largeMarginSoftmaxPart } from "./items/large-margin-softmax.js";
import { liftedStructurePart } from "./items/lifted-structure.js";
import { marginLossPart } from "./items/margin-loss.js";
import { minedTripletPart } from "./items/mined-triplet.js";
import { nPairsPart } from "./items/n-pairs.js";
import { ncaPart } from "./items/nca.js";
import { normalizedSoftmaxPart } from "./items/normalized-softmax.js";
import { ntXentPart } from "./items/nt-xent.js";
import { proxyAnchorPart } from "./items/proxy-anchor.js";
import { proxyNcaPart } from "./items/proxy-nca.js";
import { siamesePart } from "./items/siamese.js";
import { signalToNoiseContrastivePart } from "./items/signal-to-noise-contrastive.js";
import { softTriplePart } from "./items/soft-triple.js";
import { sphereFacePart } from "./items/sphere-face.js";
import { supConPart } from "./items/sup-con.js";
import { itemTripletMarginPart } from "./items/triplet-margin-loss.js";
import { tupletMarginPart } from "./items/tuplet-margin.js";
import { itemVicRegPart } from "./items/vicreg.js";
import type { LabelLoss } from "./label-loss.js";

/** Losses of labelled items, by kind. A new one is a line here. */
export const itemLosses = new PartRegistry<AnyItemLossPart>("loss of labelled items", [
  siamesePart,
  minedTripletPart,
  itemTripletMarginPart,
  easyPositivePart,
  ntXentPart,
  supConPart,
  itemMultiSimilarityPart,
  itemCirclePart,
  itemContrastivePart,
  signalToNoiseContrastivePart,
  angularLossPart,
  liftedStructurePart,
  generalizedLiftedStructurePart,
  marginLossPart,
  tupletMarginPart,
  nPairsPart,
  ncaPart,
  fastApPart,
  centroidTripletPart,
  intraPairVariancePart,
  genericPairPart,
  itemVicRegPart,
  crossBatchMemoryPart,
  arcFacePart,
  cosFacePart,
  sphereFacePart,
  largeMarginSoftmaxPart,
  normalizedSoftmaxPart,
  proxyAnchorPart,
  proxyNcaPart,
  softTriplePart,
]);

/** A loss of labelled items in plain data. */
export type ItemLossSpec = PartSpec;

/**
 * Makes a loss of labelled items available under `kind`, in fit and as the name of a loss of type labelled; replaces one
 * of the same name.
 *
 * @param mines     what its miner finds; null: it compares all items by itself
 * @param settings  its options as YAML spells them, with defaults; without, they are handed over unchecked
 */
export function registerItemLoss<Options>(
  kind: string,
  make: (options: Options, parts: ItemLossParts) => LabelLoss,
  mines: "pairs" | "triplets" | null = null,
  settings: Settings | null = null,
): void {
  itemLosses.register({ kind, summary: "registered", settings, mines, make });
}

/** What a loss must find in a batch to say anything; null: items will do. @throws RangeError for an unknown kind */
export function itemLossCompares(kind: string): "pairs" | "triplets" | null {
  const { mines, compares, classes } = itemLosses.get(kind);
  if (mines !== "any") return mines;
  return classes ? null : (compares ?? "pairs");
}

/**
 * Builds the loss of labelled items named by `spec.kind`.
 *
 * @throws RangeError for an unknown kind or option, listing the known ones; for a miner given to a loss that has none
 */
export function createItemLoss(spec: ItemLossSpec, parts: ItemLossParts): LabelLoss {
  const { part, options } = itemLosses.resolve(spec);
  if (parts.miner && part.mines === null)
    throw new UserError(
      `fit: loss "${spec.kind}" compares all items and takes no miner, got "${parts.miner.kind}"`,
    );
  return part.make(options as never, parts);
}
