import { z } from "zod";
import { cosinesOf } from "./mined-rows.js";
import { minerPart } from "./miner-part.js";
import { markedPairs, pairsByLabel } from "./pair-lists.js";
import { type Miner, type Pairs, packPairs } from "./tuples.js";

/**
 * By cosine: the positives of an anchor that are less than ε more similar than its most similar negative, and the
 * negatives that are less than ε less similar than its least similar positive, each anchor's least similar first. An anchor without negatives keeps no
 * positive and the other way round; where a batch lacks either side, nothing is found.
 *
 * @see Wang et al. 2019, arXiv:1904.06627
 */
export function multiSimilarityMiner(options: { epsilon?: number } = {}): Miner<Pairs> {
  const { epsilon = 0.1 } = options;
  const mine: Miner<Pairs> = (_distances, items) => {
    const { labels } = items;
    const { positive, negative } = pairsByLabel(labels);
    if (positive.length === 0 || negative.length === 0) return packPairs([]);
    const cosines = cosinesOf("multiSimilarityMiner", items);
    const cosine = ([i, j]: readonly [number, number]) => cosines[i * labels.length + j]!;
    const best = new Float64Array(labels.length).fill(Number.NEGATIVE_INFINITY);
    const worst = new Float64Array(labels.length).fill(Number.POSITIVE_INFINITY);
    for (const pair of negative) best[pair[0]] = Math.max(best[pair[0]]!, cosine(pair));
    for (const pair of positive) worst[pair[0]] = Math.min(worst[pair[0]]!, cosine(pair));
    const rising = (pairs: [number, number][]) => pairs.sort((a, b) => a[0] - b[0] || cosine(a) - cosine(b));
    return packPairs(
      markedPairs(
        rising(positive.filter((pair) => cosine(pair) - epsilon < best[pair[0]]!)),
        rising(negative.filter((pair) => cosine(pair) + epsilon > worst[pair[0]]!)),
      ),
    );
  };
  return Object.assign(mine, { readsDistances: false, readsRows: true });
}

export const multiSimilarityMinerPart = minerPart({
  kind: "multi_similarity",
  published: ["MultiSimilarityMiner"],
  summary: "pairs harder than the hardest of the other side, up to ε of cosine (arXiv:1904.06627)",
  settings: { epsilon: z.number().default(0.1).describe("ε, in units of cosine") },
  tuples: "pairs",
  make: multiSimilarityMiner,
});
