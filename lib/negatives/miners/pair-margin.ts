import { z } from "zod";
import { minerPart } from "./miner-part.js";
import { markedPairs, pairsByLabel } from "./pair-lists.js";
import { type Miner, type Pairs, packPairs } from "./tuples.js";

/** Positive pairs further apart than one margin and negative ones nearer than another, all ordered pairs row-major. */
export function pairMargin(options: { posMargin?: number; negMargin?: number } = {}): Miner<Pairs> {
  const { posMargin = 0.2, negMargin = 0.8 } = options;
  return (distances, { labels }) => {
    const { positive, negative } = pairsByLabel(labels);
    const distance = ([i, j]: readonly [number, number]) => distances[i * labels.length + j]!;
    return packPairs(
      markedPairs(
        positive.filter((pair) => distance(pair) > posMargin),
        negative.filter((pair) => distance(pair) < negMargin),
      ),
    );
  };
}

export const pairMarginPart = minerPart({
  kind: "pair_margin",
  published: ["PairMarginMiner"],
  summary: "positive pairs beyond a distance, negative ones within another",
  settings: {
    pos_margin: z.number().min(0).default(0.2).describe("positive pairs further apart than this"),
    neg_margin: z.number().min(0).default(0.8).describe("negative pairs nearer than this"),
  },
  tuples: "pairs",
  make: pairMargin,
});
