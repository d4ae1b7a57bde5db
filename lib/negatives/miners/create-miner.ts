import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { allPairs, allTriplets } from "./all.js";
import { type EasyHardOptions, easyHardPairs, easyHardTriplets } from "./easy-hard.js";
import { easyPositiveMiner } from "./easy-positive.js";
import { hardNegativePairs, onlineTriplets, type SelectorKind } from "./online-selectors.js";
import { sessionPairs, sessionTriplets } from "./session.js";
import { type MarginKind, tripletMarginMiner } from "./triplet-margin.js";
import type { Miner, Pairs, Triplets } from "./tuples.js";

/** A miner in plain data: kind and its options. */
export interface MinerSpec {
  kind: string;
  [option: string]: unknown;
}

interface Entry {
  tuples: "pairs" | "triplets";
  make: (spec: never, random: Random) => Miner<Pairs> | Miner<Triplets>;
}

const miners = new Map<string, Entry>([
  ["all_pairs", { tuples: "pairs", make: allPairs }],
  ["all_triplets", { tuples: "triplets", make: allTriplets }],
  ["session_pairs", { tuples: "pairs", make: sessionPairs }],
  ["session_triplets", { tuples: "triplets", make: sessionTriplets }],
  ["easy_hard_pairs", { tuples: "pairs", make: (spec: EasyHardOptions) => easyHardPairs(spec) }],
  ["easy_hard_triplets", { tuples: "triplets", make: (spec: EasyHardOptions) => easyHardTriplets(spec) }],
  ["easy_positive", { tuples: "triplets", make: (spec: { semiHard?: boolean }) => easyPositiveMiner(spec) }],
  ["hard_negative_pairs", { tuples: "pairs", make: hardNegativePairs }],
  [
    "triplet_margin",
    {
      tuples: "triplets",
      make: ({ margin, type }: { margin?: number; type?: MarginKind }) =>
        tripletMarginMiner({ ...(margin === undefined ? {} : { margin }), ...(type ? { kind: type } : {}) }),
    },
  ],
  [
    "online_triplets",
    {
      tuples: "triplets",
      make: ({ select = "hardest", margin = 1 }: { select?: SelectorKind; margin?: number }, random) =>
        onlineTriplets({ kind: select, margin, random }),
    },
  ],
]);

/** Makes a miner available by name to losses of mined pairs and triplets; replaces one of the same name. */
export function registerMiner<S, T extends Pairs | Triplets>(
  kind: string,
  tuples: T extends Pairs ? "pairs" : "triplets",
  make: (spec: S, random: Random) => Miner<T>,
): void {
  miners.set(kind, { tuples, make: make as Entry["make"] });
}

/** Kinds of miners, all or those that find pairs or triplets. */
export function minerKinds(tuples?: "pairs" | "triplets"): string[] {
  return [...miners].filter(([, entry]) => !tuples || entry.tuples === tuples).map(([kind]) => kind);
}

/**
 * Builds the miner named by `spec.kind`.
 *
 * @param random for miners that choose at random
 * @throws RangeError for an unknown kind, or one that finds the other sort of tuples, listing the fitting ones
 */
export function createMiner<K extends "pairs" | "triplets">(
  spec: MinerSpec,
  tuples: K,
  random: Random,
): Miner<K extends "pairs" ? Pairs : Triplets> {
  const entry = miners.get(spec.kind);
  if (!entry || entry.tuples !== tuples)
    throw new UserError(
      `${entry ? `miner "${spec.kind}" finds ${entry.tuples}, the loss needs ${tuples}` : `unknown miner "${spec.kind}"`}; known: ${minerKinds(tuples).join(", ")}`,
    );
  return entry.make(spec as never, random) as Miner<K extends "pairs" ? Pairs : Triplets>;
}
