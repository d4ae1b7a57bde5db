import { minerPart } from "./miner-part.js";
import { labelsOnly, type Miner, type Pairs, packPairs, packTriplets, type Triplets } from "./tuples.js";

/** All pairs i < j, the similar ones first, then the dissimilar ones, both row-major. */
export function allPairs(): Miner<Pairs> {
  return labelsOnly(({ labels }) => {
    const similar: [number, number, number][] = [];
    const dissimilar: [number, number, number][] = [];
    for (let i = 0; i < labels.length; i++)
      for (let j = i + 1; j < labels.length; j++)
        if (labels[i] === labels[j]) similar.push([i, j, 1]);
        else dissimilar.push([i, j, 0]);
    return packPairs([...similar, ...dissimilar]);
  });
}

/** All (anchor, positive, negative) in lexicographic order. */
export function allTriplets(): Miner<Triplets> {
  return labelsOnly(({ labels }) => {
    const rows: [number, number, number][] = [];
    for (let a = 0; a < labels.length; a++)
      for (let p = 0; p < labels.length; p++) {
        if (p === a || labels[p] !== labels[a]) continue;
        for (let n = 0; n < labels.length; n++) if (labels[n] !== labels[a]) rows.push([a, p, n]);
      }
    return packTriplets(rows);
  });
}

export const allPairsPart = minerPart({
  kind: "all_pairs",
  summary: "all pairs of items, similar where the class is the same",
  settings: {},
  tuples: "pairs",
  make: allPairs,
});

export const allTripletsPart = minerPart({
  kind: "all_triplets",
  summary: "all triplets of anchor, item of its class and item of another",
  settings: {},
  tuples: "triplets",
  make: allTriplets,
});
