import { z } from "zod";
import { minerPart } from "./miner-part.js";
import { type Miner, packTriplets, type Triplets } from "./tuples.js";

/** Similarity above which an item is taken for a copy of the anchor. */
const COPY = 0.9999;

/**
 * For each anchor: the most similar item of its class that is no copy of it (cosine ≤ 0.9999), and the most similar item
 * of another class — with semiHard, the most similar one that is not more similar than the positive. Anchors without
 * either are dropped, and so are triplets in which one of the two cosines is not above 0. Reads cosine distances.
 *
 * @see Xuan et al. 2020, arXiv:1904.04370
 */
export function easyPositiveMiner(options: { semiHard?: boolean } = {}): Miner<Triplets> {
  return (distances, { labels }) => {
    const size = labels.length;
    const rows: [number, number, number][] = [];
    for (let a = 0; a < size; a++) {
      const cosine = (i: number) => 1 - distances[a * size + i]!;
      const mostSimilar = (keep: (i: number) => boolean) => {
        let best = -1;
        for (let i = 0; i < size; i++)
          if (i !== a && keep(i) && (best < 0 || cosine(i) > cosine(best))) best = i;
        return best;
      };
      const p = mostSimilar((i) => labels[i] === labels[a] && cosine(i) <= COPY);
      if (p < 0 || cosine(p) <= 0) continue;
      const n = mostSimilar((i) => labels[i] !== labels[a] && (!options.semiHard || cosine(i) <= cosine(p)));
      if (n >= 0 && cosine(n) > 0) rows.push([a, p, n]);
    }
    return packTriplets(rows);
  };
}

export const easyPositivePart = minerPart({
  kind: "easy_positive",
  summary: "the most similar item of the class, and the most similar one of another",
  settings: {
    semi_hard: z.boolean().default(false).describe("only negatives no more similar than the positive"),
  },
  tuples: "triplets",
  make: easyPositiveMiner,
});
