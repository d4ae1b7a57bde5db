import type { PartSpec, Settings } from "../config/part.js";
import { PartRegistry } from "../config/part-registry.js";
import { UserError } from "../files/user-error.js";
import { arcFacePart, cosFacePart } from "./angular-margin.js";
import type { AnyItemLossPart, ItemLossParts } from "./item-loss-part.js";
import type { LabelLoss } from "./label-loss.js";
import { itemCirclePart, itemMultiSimilarityPart, ntXentPart, supConPart } from "./labelled-score-loss.js";
import { easyPositivePart, minedTripletMarginPart, minedTripletPart, siamesePart } from "./mined-losses.js";

/** Losses of labelled items, by kind. A new one is a line here. */
export const itemLosses = new PartRegistry<AnyItemLossPart>("loss of labelled items", [
  siamesePart,
  minedTripletPart,
  minedTripletMarginPart,
  easyPositivePart,
  ntXentPart,
  supConPart,
  itemMultiSimilarityPart,
  itemCirclePart,
  arcFacePart,
  cosFacePart,
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

/** What the miner of a loss finds, null if it has none. @throws RangeError for an unknown kind */
export function itemLossMines(kind: string): "pairs" | "triplets" | null {
  return itemLosses.get(kind).mines;
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
