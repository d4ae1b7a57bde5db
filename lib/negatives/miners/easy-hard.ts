import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { minerPart } from "./miner-part.js";
import { type Miner, type Pairs, packPairs, packTriplets, type Triplets } from "./tuples.js";

const strategies = ["all", "easy", "semihard", "hard"] as const;

export type Strategy = (typeof strategies)[number];

export interface EasyHardOptions {
  /** hard (default) = furthest, easy = nearest, semihard = furthest one strictly nearer than the negative */
  positive?: Strategy;
  /** hard (default) = nearest, easy = furthest, semihard = nearest one strictly further than the positive */
  negative?: Strategy;
}

/**
 * One triplet per anchor (all of a side with "all"), chosen by distance within the label. Anchors without a candidate are
 * dropped; ties go to the lower position; a distance of 0 counts as "no pair", so copies of an anchor are ignored.
 *
 * @throws RangeError for an unknown strategy, and for semihard together with semihard or all
 */
export function easyHardTriplets(options: EasyHardOptions = {}): Miner<Triplets> {
  const { positive, negative } = checkStrategies("easyHardTriplets", options);
  return (distances, { labels }) => {
    const rows: [number, number, number][] = [];
    for (let a = 0; a < labels.length; a++) {
      const { positives, negatives } = choose(candidatesOf(distances, labels, a, 0), positive, negative);
      for (const p of positives) for (const n of negatives) rows.push([a, p, n]);
    }
    return packTriplets(rows);
  };
}

/**
 * Pairs (anchor, chosen positive) and then (anchor, chosen negative), each in order of anchors.
 *
 * @param options.symmetric false (default, as published): each item looks at later items only, so the first item has most
 *   to choose from; true: at all items
 * @throws as {@link easyHardTriplets}
 */
export function easyHardPairs(options: EasyHardOptions & { symmetric?: boolean } = {}): Miner<Pairs> {
  const { positive, negative } = checkStrategies("easyHardPairs", options);
  return (distances, { labels }) => {
    const similar: [number, number, number][] = [];
    const dissimilar: [number, number, number][] = [];
    for (let a = 0; a < labels.length; a++) {
      const from = options.symmetric ? 0 : a + 1;
      const { positives, negatives } = choose(candidatesOf(distances, labels, a, from), positive, negative);
      for (const p of positives) similar.push([a, p, 1]);
      for (const n of negatives) dissimilar.push([a, n, 0]);
    }
    return packPairs([...similar, ...dissimilar]);
  };
}

/** An item and its distance from the anchor. */
export interface Candidate {
  at: number;
  distance: number;
}

function candidatesOf(distances: Float32Array, labels: Int32Array, anchor: number, from: number) {
  const positives: Candidate[] = [];
  const negatives: Candidate[] = [];
  for (let at = from; at < labels.length; at++) {
    const distance = distances[anchor * labels.length + at]!;
    if (at === anchor || distance === 0) continue;
    (labels[at] === labels[anchor] ? positives : negatives).push({ at, distance });
  }
  return { positives, negatives };
}

/** Those of each side that the strategies choose; ties go to the one first in the list. */
export function choose(
  { positives, negatives }: { positives: Candidate[]; negatives: Candidate[] },
  positive: Strategy,
  negative: Strategy,
): { positives: number[]; negatives: number[] } {
  let p: Candidate[];
  let n: Candidate[];
  if (positive === "semihard") {
    n = negative === "easy" ? furthest(negatives) : nearest(negatives);
    p = n.length === 0 ? [] : furthest(positives.filter(({ distance }) => distance < n[0]!.distance));
  } else {
    p = positive === "all" ? positives : positive === "easy" ? nearest(positives) : furthest(positives);
    if (negative === "semihard")
      n = p.length === 0 ? [] : nearest(negatives.filter(({ distance }) => distance > p[0]!.distance));
    else n = negative === "all" ? negatives : negative === "easy" ? furthest(negatives) : nearest(negatives);
  }
  return { positives: p.map(({ at }) => at), negatives: n.map(({ at }) => at) };
}

function nearest(candidates: readonly Candidate[]): Candidate[] {
  return best(candidates, (a, b) => a.distance < b.distance);
}

function furthest(candidates: readonly Candidate[]): Candidate[] {
  return best(candidates, (a, b) => a.distance > b.distance);
}

function best(
  candidates: readonly Candidate[],
  better: (a: Candidate, b: Candidate) => boolean,
): Candidate[] {
  if (candidates.length === 0) return [];
  return [candidates.reduce((kept, candidate) => (better(candidate, kept) ? candidate : kept))];
}

/** @throws RangeError for an unknown strategy, and for semihard together with semihard or all */
export function checkStrategies(
  caller: string,
  { positive = "hard", negative = "hard" }: EasyHardOptions,
): { positive: Strategy; negative: Strategy } {
  for (const [name, value] of Object.entries({ positive, negative }))
    if (!strategies.includes(value))
      throw new UserError(`${caller}: ${name} must be one of ${strategies.join(", ")}, got "${value}"`);
  const clash = ["semihard", "all"];
  if (
    (positive === "semihard" && clash.includes(negative)) ||
    (negative === "semihard" && positive === "all")
  )
    throw new UserError(
      `${caller}: semihard must meet easy or hard on the other side, got positive ${positive} and negative ${negative}`,
    );
  return { positive, negative };
}

export const strategySettings = {
  positive: z.enum(strategies).default("hard").describe("hard = furthest, easy = nearest of the class"),
  negative: z.enum(strategies).default("hard").describe("hard = nearest, easy = furthest of other classes"),
};

export const easyHardTripletsPart = minerPart({
  kind: "easy_hard_triplets",
  summary: "one triplet an anchor, chosen by distance on each side",
  settings: strategySettings,
  tuples: "triplets",
  make: easyHardTriplets,
});

export const easyHardPairsPart = minerPart({
  kind: "easy_hard_pairs",
  summary: "one similar and one dissimilar pair an anchor, chosen by distance",
  settings: {
    ...strategySettings,
    symmetric: z.boolean().default(false).describe("look at all items; false: at later ones, as published"),
  },
  tuples: "pairs",
  make: easyHardPairs,
});
