import type { OptionsOf, Part, Settings } from "../config/part.js";
import type { Random } from "../engine/random/random.js";
import { createMiner, type MinerSpec } from "../negatives/miners/create-miner.js";
import type { LabelLoss } from "./label-loss.js";

/** What a loss of labelled items may be made from besides its options. */
export interface ItemLossParts {
  miner: MinerSpec | null;
  /** labels are sessions with positive and negative matches */
  session: boolean;
  /** distinct labels; 0 where they are not known beforehand */
  classes: number;
  /** length of the embeddings */
  dim: number;
  random: Random;
}

/** A loss of labelled items as its index holds it. */
export interface AnyItemLossPart extends Part {
  /** What its miner finds, "any" if it takes what any miner finds; null: it compares all items by itself. */
  readonly mines: "pairs" | "triplets" | "any" | null;
  /** What it needs in a batch to say anything, for losses that take any miner: default pairs, of classes items. */
  readonly compares?: "triplets";
  /** It trains a vector for each label. */
  readonly classes?: boolean;
  make(options: never, parts: ItemLossParts): LabelLoss;
}

/** Checks a declaration: the factory takes the options that the settings describe. */
export function itemLossPart<K extends string, S extends Settings>(
  part: AnyItemLossPart & {
    kind: K;
    settings: S;
    make(options: OptionsOf<S>, parts: ItemLossParts): LabelLoss;
  },
): AnyItemLossPart {
  return part;
}

/** The miner given, or the standard one for the data. */
export function minerFor<K extends "pairs" | "triplets">(
  { miner, session, random }: ItemLossParts,
  tuples: K,
) {
  return createMiner(miner ?? { kind: `${session ? "session" : "all"}_${tuples}` }, tuples, random);
}
