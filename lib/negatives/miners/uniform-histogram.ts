import { z } from "zod";
import type { Random } from "../../engine/random/random.js";
import { minerPart } from "./miner-part.js";
import { markedPairs, pairsByLabel } from "./pair-lists.js";
import { type Miner, type Pairs, packPairs } from "./tuples.js";

export interface UniformHistogramOptions {
  numBins?: number;
  posPerBin?: number;
  negPerBin?: number;
}

/**
 * Pairs drawn so that all distances are equally frequent: each side's range of distances is cut into bins of equal width,
 * and from every bin that is not empty the same number of pairs is drawn, with replacement. The last bin is closed.
 *
 * @see as DistanceWeightedMiner's, without its formula: pytorch-metric-learning's UniformHistogramMiner
 */
export function uniformHistogram(options: UniformHistogramOptions, random: Random): Miner<Pairs> {
  const { numBins = 100, posPerBin = 10, negPerBin = 10 } = options;
  return (distances, { labels }) => {
    const draw = (pairs: [number, number][], perBin: number): [number, number][] => {
      if (pairs.length === 0) return [];
      const of = pairs.map(([i, j]) => distances[i * labels.length + j]!);
      const least = of.reduce((a, b) => Math.min(a, b));
      const width = (of.reduce((a, b) => Math.max(a, b)) - least) / numBins;
      const bins = Array.from({ length: numBins }, (): [number, number][] => []);
      pairs.forEach((pair, t) => {
        const bin = width > 0 ? Math.floor((of[t]! - least) / width) : numBins - 1;
        bins[Math.min(bin, numBins - 1)]!.push(pair);
      });
      return bins.flatMap((bin) =>
        bin.length === 0 ? [] : Array.from({ length: perBin }, () => bin[random.int(bin.length)]!),
      );
    };
    const { positive, negative } = pairsByLabel(labels);
    return packPairs(markedPairs(draw(positive, posPerBin), draw(negative, negPerBin)));
  };
}

export const uniformHistogramPart = minerPart({
  kind: "uniform_histogram",
  published: ["UniformHistogramMiner"],
  summary: "as many pairs from each range of distances",
  settings: {
    num_bins: z.int().min(1).default(100).describe("bins over each side's range of distances"),
    pos_per_bin: z.int().min(0).default(10).describe("positive pairs drawn from each bin that has any"),
    neg_per_bin: z.int().min(0).default(10).describe("negative pairs drawn from each bin that has any"),
  },
  tuples: "pairs",
  make: uniformHistogram,
});
