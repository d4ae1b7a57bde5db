import type { OptionsOf, Part, Settings } from "../../config/part.js";
import type { Random } from "../../engine/random/random.js";
import type { Miner, Pairs, Triplets } from "./tuples.js";

/** A miner as its index holds it. */
export interface AnyMinerPart extends Part {
  /** What it finds; a loss takes miners of its own sort only. */
  readonly tuples: "pairs" | "triplets";
  /** @param random  for miners that choose at random */
  make(options: never, random: Random): Miner<Pairs> | Miner<Triplets>;
}

/** A miner that declares itself. */
export interface MinerPart<K extends string, S extends Settings> extends AnyMinerPart {
  readonly kind: K;
  readonly settings: S;
  make(options: OptionsOf<S>, random: Random): Miner<Pairs> | Miner<Triplets>;
}

/** Checks a declaration: the factory takes the options that the settings describe. */
export function minerPart<K extends string, S extends Settings>(part: MinerPart<K, S>): MinerPart<K, S> {
  return part;
}
