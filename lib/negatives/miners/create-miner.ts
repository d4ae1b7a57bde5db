import type { PartSpec, Settings } from "../../config/part.js";
import { PartRegistry } from "../../config/part-registry.js";
import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { allPairsPart, allTripletsPart } from "./all.js";
import { angularMinerPart } from "./angular-miner.js";
import { batchEasyHardPart, batchHardPart } from "./batch-easy-hard.js";
import { distanceWeightedPart } from "./distance-weighted.js";
import { easyHardPairsPart, easyHardTripletsPart } from "./easy-hard.js";
import { easyPositivePart } from "./easy-positive.js";
import { hardAwarePart } from "./hard-aware.js";
import { maximumLossPart } from "./maximum-loss.js";
import type { AnyMinerPart } from "./miner-part.js";
import { multiSimilarityMinerPart } from "./multi-similarity-miner.js";
import { hardNegativePairsPart, onlineTripletsPart } from "./online-selectors.js";
import { packagedTripletsPart } from "./packaged-triplets.js";
import { pairMarginPart } from "./pair-margin.js";
import { sessionPairsPart, sessionTripletsPart } from "./session.js";
import { tripletMarginMinerPart } from "./triplet-margin.js";
import type { Miner, Pairs, Triplets } from "./tuples.js";
import { uniformHistogramPart } from "./uniform-histogram.js";

/** A miner in plain data: kind and its options. */
export type MinerSpec = PartSpec;

/** Miners that come with the workspace. A new one is a line here. */
export const miners = new PartRegistry<AnyMinerPart>("miner", [
  allPairsPart,
  allTripletsPart,
  sessionPairsPart,
  sessionTripletsPart,
  easyHardPairsPart,
  easyHardTripletsPart,
  easyPositivePart,
  hardNegativePairsPart,
  tripletMarginMinerPart,
  onlineTripletsPart,
  angularMinerPart,
  batchEasyHardPart,
  batchHardPart,
  distanceWeightedPart,
  hardAwarePart,
  maximumLossPart,
  multiSimilarityMinerPart,
  packagedTripletsPart,
  pairMarginPart,
  uniformHistogramPart,
]);

/**
 * Makes a miner available by name to losses of mined pairs and triplets; replaces one of the same name.
 *
 * @param settings  its options as YAML spells them, with defaults; without, they are handed over unchecked
 */
export function registerMiner<S, T extends Pairs | Triplets>(
  kind: string,
  tuples: T extends Pairs ? "pairs" : "triplets",
  make: (spec: S, random: Random) => Miner<T>,
  settings: Settings | null = null,
): void {
  miners.register({ kind, summary: "registered", settings, tuples, make: make as AnyMinerPart["make"] });
}

/** Kinds of miners, all or those that find pairs or triplets. */
export function minerKinds(tuples?: "pairs" | "triplets"): string[] {
  return miners
    .parts()
    .filter((part) => !tuples || part.tuples === tuples)
    .map(({ kind }) => kind);
}

/**
 * Builds the miner named by `spec.kind`. Options left out have the defaults that it declares.
 *
 * @param random for miners that choose at random
 * @throws RangeError for an unknown kind, or one that finds the other sort of tuples, listing the fitting ones; for an
 *   unknown option, naming the nearest, and for options out of range
 */
export function createMiner<K extends "pairs" | "triplets" | "any">(
  spec: MinerSpec,
  tuples: K,
  random: Random,
): Miner<MinedAs<K>> {
  const fitting = minerKinds(tuples === "any" ? undefined : tuples);
  const { tuples: found } = miners.get(spec.kind);
  if (tuples !== "any" && found !== tuples)
    throw new UserError(
      `miner "${spec.kind}" finds ${found}, the loss needs ${tuples}; known: ${fitting.join(", ")}`,
    );
  const { part, options } = miners.resolve(spec);
  return part.make(options as never, random) as Miner<MinedAs<K>>;
}

type MinedAs<K> = K extends "pairs" ? Pairs : K extends "triplets" ? Triplets : Pairs | Triplets;
