import { z } from "zod";
import type { Random } from "../../engine/random/random.js";
import { cosinesOf, rowsOf } from "./mined-rows.js";
import { minerPart } from "./miner-part.js";
import { type Miner, packTriplets, type Triplets } from "./tuples.js";

export interface DistanceWeightedOptions {
  cutoff?: number;
  nonzeroLossCutoff?: number;
}

/**
 * For each anchor as many triplets as its label has items: the positive uniform, the negative drawn with weight 1/q(d),
 * q(d) ∝ d^(D − 2) (1 − d²/4)^((D − 3)/2) the density of distances d between points that lie uniformly on the sphere.
 * d is at least `cutoff`; negatives at `nonzeroLossCutoff` and beyond are never drawn.
 *
 * @see Wu et al. 2017, arXiv:1706.07567
 */
export function distanceWeighted(options: DistanceWeightedOptions, random: Random): Miner<Triplets> {
  const { cutoff = 0.5, nonzeroLossCutoff = 1.4 } = options;
  const mine: Miner<Triplets> = (_distances, items) => {
    const { labels } = items;
    const { dim } = rowsOf("distanceWeighted", items);
    const cosines = cosinesOf("distanceWeighted", items);
    const size = labels.length;
    const rows: [number, number, number][] = [];
    for (let a = 0; a < size; a++) {
      const positives = [...labels.keys()].filter((i) => i !== a && labels[i] === labels[a]);
      const negatives = [...labels.keys()].filter((i) => labels[i] !== labels[a]);
      const logs = negatives.map((i) => {
        const d = Math.max(cutoff, Math.sqrt(Math.max(0, 2 - 2 * cosines[a * size + i]!)));
        const log = (2 - dim) * Math.log(d) - ((dim - 3) / 2) * Math.log(1 - 0.25 * d * d);
        return d < nonzeroLossCutoff && Number.isFinite(log) ? log : Number.NEGATIVE_INFINITY;
      });
      const most = Math.max(...logs);
      if (positives.length === 0 || !Number.isFinite(most)) continue;
      const weights = logs.map((log) => Math.exp(log - most));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let draw = 0; draw <= positives.length; draw++) {
        const p = positives[random.int(positives.length)]!;
        let left = random.next() * total;
        let at = weights.findIndex((weight) => (left -= weight) < 0);
        if (at < 0) at = weights.lastIndexOf(1); // rounding; the largest weight is 1
        rows.push([a, p, negatives[at]!]);
      }
    }
    return packTriplets(rows);
  };
  return Object.assign(mine, { readsDistances: false, readsRows: true });
}

export const distanceWeightedPart = minerPart({
  kind: "distance_weighted",
  published: ["DistanceWeightedMiner"],
  summary: "negatives drawn so that all distances are equally likely (arXiv:1706.07567)",
  settings: {
    cutoff: z.number().positive().default(0.5).describe("smaller Euclidean distances count as this"),
    nonzero_loss_cutoff: z.number().positive().default(1.4).describe("negatives from here on are not drawn"),
  },
  tuples: "triplets",
  make: distanceWeighted,
});
