import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { arcFace, cosFace } from "../../losses/angular-margin.js";
import type { LabelLoss } from "../../losses/label-loss.js";
import { labelledScoreLoss, ntXent, supervisedContrastive } from "../../losses/labelled-score-loss.js";
import { easyPositive, minedTriplet, siamese } from "../../losses/mined-losses.js";
import { circle } from "../../losses/scores/circle.js";
import { multiSimilarity } from "../../losses/scores/multi-similarity.js";
import { createMiner, type MinerSpec } from "../../negatives/miners/create-miner.js";

/** A loss of labelled items in plain data. */
export interface ItemLossSpec {
  kind: string;
  [option: string]: unknown;
}

/** What an item loss may be made from besides its options. */
export interface ItemLossParts {
  miner: MinerSpec | null;
  session: boolean;
  classes: number;
  dim: number;
  random: Random;
}

interface Entry {
  /** what its miner finds; null: it compares all items by itself */
  mines: "pairs" | "triplets" | null;
  make(spec: never, parts: ItemLossParts): LabelLoss;
}

/** The miner given, or the standard one for the data. */
function mine<K extends "pairs" | "triplets">({ miner, session, random }: ItemLossParts, tuples: K) {
  return createMiner(miner ?? { kind: `${session ? "session" : "all"}_${tuples}` }, tuples, random);
}

const losses = new Map<string, Entry>([
  ["siamese", { mines: "pairs", make: (spec, parts) => siamese(spec, mine(parts, "pairs")) }],
  ["triplet", { mines: "triplets", make: (spec, parts) => minedTriplet(spec, mine(parts, "triplets")) }],
  [
    "triplet_margin",
    {
      mines: "triplets",
      make: (spec: object, parts) =>
        minedTriplet(
          { margin: 0.05, distance: "euclidean", average: "non_zero", ...spec },
          mine(parts, "triplets"),
        ),
    },
  ],
  [
    "easy_positive",
    {
      mines: "triplets",
      make: (spec, parts) =>
        easyPositive(spec, mine({ ...parts, miner: parts.miner ?? { kind: "easy_positive" } }, "triplets")),
    },
  ],
  ["nt_xent", { mines: null, make: ntXent }],
  ["sup_con", { mines: null, make: supervisedContrastive }],
  ["multi_similarity", { mines: null, make: (spec) => labelledScoreLoss(multiSimilarity(spec)) }],
  ["circle", { mines: null, make: (spec) => labelledScoreLoss(circle(spec)) }],
  [
    "arc_face",
    {
      mines: null,
      make: (spec: object, { classes, dim, random }) => arcFace({ ...spec, classes, dim, random }),
    },
  ],
  [
    "cos_face",
    {
      mines: null,
      make: (spec: object, { classes, dim, random }) => cosFace({ ...spec, classes, dim, random }),
    },
  ],
]);

/** Makes a loss of labelled items available to fit under `kind`; replaces one of the same name. */
export function registerItemLoss<S>(
  kind: string,
  make: (spec: S, parts: ItemLossParts) => LabelLoss,
  mines: "pairs" | "triplets" | null = null,
): void {
  losses.set(kind, { mines, make: make as Entry["make"] });
}

/** Kinds that {@link createItemLoss} knows. */
export function itemLossKinds(): string[] {
  return [...losses.keys()];
}

/** What the miner of a loss finds, null if it has none. @throws RangeError for an unknown kind */
export function itemLossMines(kind: string): "pairs" | "triplets" | null {
  return entryOf(kind).mines;
}

/**
 * Builds the loss of labelled items named by `spec.kind`.
 *
 * @throws RangeError for an unknown kind, listing the known ones; for a miner given to a loss that has none
 */
export function createItemLoss(spec: ItemLossSpec, parts: ItemLossParts): LabelLoss {
  const entry = entryOf(spec.kind);
  if (parts.miner && entry.mines === null)
    throw new UserError(
      `fit: loss "${spec.kind}" compares all items and takes no miner, got "${parts.miner.kind}"`,
    );
  return entry.make(spec as never, parts);
}

function entryOf(kind: string): Entry {
  const entry = losses.get(kind);
  if (!entry)
    throw new UserError(`unknown loss "${kind}" of labelled items; known: ${itemLossKinds().join(", ")}`);
  return entry;
}
