import { z } from "zod";
import { type Candidate, checkStrategies, choose, type Strategy, strategySettings } from "./easy-hard.js";
import { minerPart } from "./miner-part.js";
import { type Miner, type Pairs, packPairs, packTriplets, type Triplets } from "./tuples.js";

export interface BatchEasyHardOptions {
  /** easy (default) = nearest of the label, hard = furthest, semihard = furthest one nearer than the negative, all */
  positive?: Strategy;
  /** semihard (default) = nearest one further than the positive, hard = nearest, easy = furthest, all */
  negative?: Strategy;
  /** least and greatest distance of a positive; null: any */
  positiveRange?: readonly [number, number] | null;
  negativeRange?: readonly [number, number] | null;
}

/**
 * A positive and a negative pair of each anchor, chosen by distance; "all" takes every pair of its side. Anchors that lack
 * either are dropped, except that "all" on one side leaves the other side's pairs standing.
 *
 * Other than easyHardPairs it looks at all items, and takes copies (distance 0) for items like any other.
 *
 * @throws RangeError for semihard together with semihard or all
 * @see Xuan et al. 2020, arXiv:1904.04370; in the form of pytorch-metric-learning
 */
export function batchEasyHard(options: BatchEasyHardOptions = {}): Miner<Pairs> {
  const { positive, negative } = checkStrategies("batchEasyHard", {
    positive: options.positive ?? "easy",
    negative: options.negative ?? "semihard",
  });
  return (distances, { labels }) => {
    const similar: [number, number, number][] = [];
    const dissimilar: [number, number, number][] = [];
    for (let a = 0; a < labels.length; a++) {
      const candidates = within(a, distances, labels, options);
      const chosen = choose(candidates, positive, negative);
      const single = positive !== "all" && negative !== "all";
      if (single && (chosen.positives.length === 0 || chosen.negatives.length === 0)) continue;
      for (const p of chosen.positives) similar.push([a, p, 1]);
      for (const n of chosen.negatives) dissimilar.push([a, n, 0]);
    }
    return packPairs([...similar, ...dissimilar]);
  };
}

/** The furthest positive and the nearest negative of each anchor; see {@link batchEasyHard}. */
export function batchHard(
  options: Pick<BatchEasyHardOptions, "positiveRange" | "negativeRange"> = {},
): Miner<Triplets> {
  return (distances, { labels }) => {
    const rows: [number, number, number][] = [];
    for (let a = 0; a < labels.length; a++) {
      const { positives, negatives } = choose(within(a, distances, labels, options), "hard", "hard");
      if (positives.length > 0 && negatives.length > 0) rows.push([a, positives[0]!, negatives[0]!]);
    }
    return packTriplets(rows);
  };
}

function within(
  anchor: number,
  distances: Float32Array,
  labels: Int32Array,
  { positiveRange, negativeRange }: BatchEasyHardOptions,
): { positives: Candidate[]; negatives: Candidate[] } {
  const positives: Candidate[] = [];
  const negatives: Candidate[] = [];
  const fits = (distance: number, range: readonly [number, number] | null | undefined) =>
    !range || (distance >= range[0] && distance <= range[1]);
  for (let at = 0; at < labels.length; at++) {
    const distance = distances[anchor * labels.length + at]!;
    if (at === anchor) continue;
    if (labels[at] === labels[anchor]) {
      if (fits(distance, positiveRange)) positives.push({ at, distance });
    } else if (fits(distance, negativeRange)) negatives.push({ at, distance });
  }
  return { positives, negatives };
}

const range = z
  .tuple([z.number(), z.number()])
  .refine(([least, greatest]) => least <= greatest, "must rise")
  .nullable()
  .default(null);
const ranges = {
  positive_range: range.describe("least and greatest distance of a positive; null = any"),
  negative_range: range.describe("least and greatest distance of a negative; null = any"),
};
const publishedRanges = { allowed_pos_range: "positive_range", allowed_neg_range: "negative_range" };

export const batchEasyHardPart = minerPart({
  kind: "batch_easy_hard",
  published: ["BatchEasyHardMiner"],
  publishedOptions: { pos_strategy: "positive", neg_strategy: "negative", ...publishedRanges },
  summary: "a positive and a negative of each anchor, chosen by distance (arXiv:1904.04370)",
  settings: {
    positive: strategySettings.positive.unwrap().default("easy").describe("hard = furthest, easy = nearest"),
    negative: strategySettings.negative
      .unwrap()
      .default("semihard")
      .describe("hard = nearest, easy = furthest"),
    ...ranges,
  },
  tuples: "pairs",
  make: batchEasyHard,
});

export const batchHardPart = minerPart({
  kind: "batch_hard",
  published: ["BatchHardMiner"],
  publishedOptions: publishedRanges,
  summary: "the furthest positive and the nearest negative of each anchor (arXiv:1703.07737)",
  settings: ranges,
  tuples: "triplets",
  make: batchHard,
});
