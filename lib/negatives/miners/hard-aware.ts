import { z } from "zod";
import { minerPart } from "./miner-part.js";
import { markedPairs, pairsByLabel } from "./pair-lists.js";
import { type Miner, type Pairs, packPairs } from "./tuples.js";

/**
 * The hardest share of all pairs (the miner HDC): the furthest of the positive ones, furthest first, and the nearest of the
 * negative ones; ⌈share · count⌉ of each side, ties row-major.
 *
 * @param options.share in (0, 1], default ½
 * @see Yuan et al. 2017, arXiv:1611.05720
 */
export function hardAware(options: { share?: number } = {}): Miner<Pairs> {
  const { share = 0.5 } = options;
  return (distances, { labels }) => {
    const { positive, negative } = pairsByLabel(labels);
    const distance = ([i, j]: readonly [number, number]) => distances[i * labels.length + j]!;
    const hardest = (pairs: [number, number][], sign: number) =>
      [...pairs].sort((a, b) => sign * (distance(b) - distance(a))).slice(0, Math.ceil(share * pairs.length));
    return packPairs(markedPairs(hardest(positive, 1), hardest(negative, -1)));
  };
}

export const hardAwarePart = minerPart({
  kind: "hard_aware",
  published: ["HDCMiner"],
  publishedOptions: { filter_percentage: "share" },
  summary: "the hardest share of positive and of negative pairs (arXiv:1611.05720)",
  settings: { share: z.number().gt(0).max(1).default(0.5).describe("of the pairs of each side") },
  tuples: "pairs",
  make: hardAware,
});
