import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { minerPart } from "./miner-part.js";
import { type Miner, packTriplets, type Triplets } from "./tuples.js";

export type MarginKind = "all" | "hard" | "semihard" | "easy";

/**
 * All triplets in lexicographic order whose gap t = d(a, n) − d(a, p) is: all t ≤ m; hard t ≤ 0; semihard 0 < t ≤ m;
 * easy t > m.
 *
 * @param options.margin m > 0 (default 0.2); the distance is that of the loss (pytorch-metric-learning: Euclidean between
 *   unit vectors)
 * @throws RangeError for margin ≤ 0 or an unknown kind
 */
export function tripletMarginMiner(options: { margin?: number; kind?: MarginKind } = {}): Miner<Triplets> {
  const { margin = 0.2, kind = "all" } = options;
  if (!(margin > 0)) throw new UserError(`tripletMarginMiner: margin must be > 0, got ${margin}`);
  const wanted = kinds[kind];
  if (!wanted)
    throw new UserError(
      `tripletMarginMiner: kind must be one of ${Object.keys(kinds).join(", ")}, got "${kind}"`,
    );
  return (distances, { labels }) => {
    const size = labels.length;
    const rows: [number, number, number][] = [];
    for (let a = 0; a < size; a++)
      for (let p = 0; p < size; p++) {
        if (p === a || labels[p] !== labels[a]) continue;
        for (let n = 0; n < size; n++)
          if (labels[n] !== labels[a] && wanted(distances[a * size + n]! - distances[a * size + p]!, margin))
            rows.push([a, p, n]);
      }
    return packTriplets(rows);
  };
}

const kinds: Record<MarginKind, (gap: number, margin: number) => boolean> = {
  all: (gap, margin) => gap <= margin,
  hard: (gap) => gap <= 0,
  semihard: (gap, margin) => gap > 0 && gap <= margin,
  easy: (gap, margin) => gap > margin,
};

export const tripletMarginMinerPart = minerPart({
  kind: "triplet_margin",
  published: ["TripletMarginMiner"],
  publishedOptions: { type_of_triplets: "type" },
  summary: "all triplets within a range of d(a, n) − d(a, p)",
  settings: {
    margin: z.number().positive().default(0.2).describe("m, in units of the loss's distance"),
    type: z.enum(["all", "hard", "semihard", "easy"]).default("all").describe("which range, by the margin"),
  },
  tuples: "triplets",
  make: ({ margin, type }) => tripletMarginMiner({ margin, kind: type }),
});
