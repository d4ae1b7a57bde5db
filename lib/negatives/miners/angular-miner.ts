import { z } from "zod";
import { allTriplets } from "./all.js";
import { rowsOf } from "./mined-rows.js";
import { minerPart } from "./miner-part.js";
import { type Miner, packTriplets, type Triplets } from "./tuples.js";

/** What pytorch's pairwise_distance adds to every difference. */
const OFFSET = 1e-6;

/**
 * Triplets whose angle at the negative, atan(‖a − p‖ / (2‖n − (a + p)/2‖)), is above a threshold. Distances are those of the
 * embeddings as they are, not of unit vectors, as in pytorch-metric-learning.
 *
 * @param options.angle in degrees, default 20
 * @see Wang et al. 2017, arXiv:1708.01682
 */
export function angularMiner(options: { angle?: number } = {}): Miner<Triplets> {
  const least = ((options.angle ?? 20) * Math.PI) / 180;
  const all = allTriplets();
  const mine: Miner<Triplets> = (distances, items) => {
    const { rows, dim } = rowsOf("angularMiner", items);
    const length = (difference: (k: number) => number) => {
      let square = 0;
      for (let k = 0; k < dim; k++) square += (difference(k) + OFFSET) ** 2;
      return Math.sqrt(square);
    };
    const { anchor, positive, negative } = all(distances, items);
    const kept: [number, number, number][] = [];
    anchor.forEach((a, t) => {
      const [p, n] = [positive[t]!, negative[t]!];
      const at = (item: number, k: number) => rows[item * dim + k]!;
      const side = length((k) => at(a, k) - at(p, k));
      const height = length((k) => at(n, k) - (at(a, k) + at(p, k)) / 2);
      if (Math.atan(side / (2 * height)) > least) kept.push([a, p, n]);
    });
    return packTriplets(kept);
  };
  return Object.assign(mine, { readsDistances: false, readsRows: true });
}

export const angularMinerPart = minerPart({
  kind: "angular",
  published: ["AngularMiner"],
  summary: "triplets with a wide angle at the negative (arXiv:1708.01682)",
  settings: { angle: z.number().gt(0).lt(90).default(20).describe("in degrees; only triplets above it") },
  tuples: "triplets",
  make: angularMiner,
});
