import { z } from "zod";
import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { minerPart } from "./miner-part.js";
import { type Miner, type Pairs, packPairs, packTriplets, type Triplets } from "./tuples.js";

const selectors = ["all", "hardest", "random_hard", "semihard"] as const;

export type SelectorKind = (typeof selectors)[number];

/**
 * Triplets per unordered pair (a, p) of a label, by the loss value v = d(a, p) − d(a, n) + m of each negative: all = every
 * negative; hardest = the largest v if it is above 0; random_hard = a random one with v > 0; semihard = a random one with
 * 0 < v < m. If the batch has none, the last pair visited with the first item of another label is returned, so that a
 * batch is never empty (it costs nothing when it is easy); a batch of one label, or of single items, gives nothing.
 *
 * @param options.random needed by random_hard and semihard
 * @throws RangeError for margin ≤ 0, an unknown kind, or a missing generator
 * @see github.com/adambielski/siamese-triplet; distances there are squared Euclidean
 */
export function onlineTriplets(options: {
  kind: SelectorKind;
  margin: number;
  random?: Random;
}): Miner<Triplets> {
  const { kind, margin, random } = options;
  if (!(margin > 0)) throw new UserError(`onlineTriplets: margin must be > 0, got ${margin}`);
  if (!selectors.includes(kind))
    throw new UserError(`onlineTriplets: kind must be one of ${selectors.join(", ")}, got "${kind}"`);
  if ((kind === "random_hard" || kind === "semihard") && !random)
    throw new UserError(`onlineTriplets: ${kind} must be given a generator, got none`);
  return (distances, { labels }) => {
    const rows: [number, number, number][] = [];
    let fallback: [number, number, number] | null = null;
    for (const members of membersByLabel(labels)) {
      const negatives = [...labels.keys()].filter((i) => labels[i] !== labels[members[0]!]);
      if (negatives.length === 0) continue;
      members.forEach((a, at) => {
        for (const p of members.slice(at + 1)) {
          fallback = [a, p, negatives[0]!];
          const value = (n: number) =>
            distances[a * labels.length + p]! - distances[a * labels.length + n]! + margin;
          for (const n of pick(kind, negatives, value, margin, random)) rows.push([a, p, n]);
        }
      });
    }
    if (rows.length === 0 && fallback) rows.push(fallback);
    return packTriplets(rows);
  };
}

function pick(
  kind: SelectorKind,
  negatives: readonly number[],
  value: (n: number) => number,
  margin: number,
  random: Random | undefined,
): readonly number[] {
  if (kind === "all") return negatives;
  if (kind === "hardest") {
    const best = negatives.reduce((kept, n) => (value(n) > value(kept) ? n : kept));
    return value(best) > 0 ? [best] : [];
  }
  const fit = negatives.filter((n) => value(n) > 0 && (kind === "random_hard" || value(n) < margin));
  return fit.length === 0 ? [] : [fit[random!.int(fit.length)]!];
}

/** All similar pairs i < j, and as many dissimilar ones, those with the smallest distances (ties: row-major). */
export function hardNegativePairs(): Miner<Pairs> {
  return (distances, { labels }) => {
    const similar: [number, number, number][] = [];
    const others: { pair: [number, number, number]; distance: number }[] = [];
    for (let i = 0; i < labels.length; i++)
      for (let j = i + 1; j < labels.length; j++)
        if (labels[i] === labels[j]) similar.push([i, j, 1]);
        else others.push({ pair: [i, j, 0], distance: distances[i * labels.length + j]! });
    others.sort((a, b) => a.distance - b.distance);
    return packPairs([...similar, ...others.slice(0, similar.length).map(({ pair }) => pair)]);
  };
}

/** Positions of each label, labels ascending. */
function membersByLabel(labels: Int32Array): number[][] {
  const groups = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const group = groups.get(label);
    if (group) group.push(i);
    else groups.set(label, [i]);
  });
  return [...groups.keys()].sort((a, b) => a - b).map((label) => groups.get(label)!);
}

export const hardNegativePairsPart = minerPart({
  kind: "hard_negative_pairs",
  summary: "all similar pairs, and as many dissimilar ones with the smallest distances",
  settings: {},
  tuples: "pairs",
  make: hardNegativePairs,
});

export const onlineTripletsPart = minerPart({
  kind: "online_triplets",
  summary: "for each similar pair a negative, or all, by the value of the triplet loss",
  settings: {
    select: z.enum(selectors).default("hardest").describe("which negatives; semihard: 0 < loss < margin"),
    margin: z.number().positive().default(1).describe("m, in units of the loss's distance"),
  },
  tuples: "triplets",
  make: ({ select, margin }, random) => onlineTriplets({ kind: select, margin, random }),
});
