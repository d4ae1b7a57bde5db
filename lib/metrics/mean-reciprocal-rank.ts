import { checkCutoff } from "./recall-at-k.js";

/**
 * Reciprocal rank of one query: 1 / rank of the first relevant result within the first k, else 0. Its mean is MRR@k.
 *
 * @param ranked    document indices, best first; −1 (an empty slot of a search) never matches
 * @param relevant  the relevant indices
 * @throws RangeError unless k is a positive integer
 */
export function reciprocalRankAtK(
  ranked: ArrayLike<number>,
  relevant: ReadonlySet<number>,
  k: number,
): number {
  checkCutoff("reciprocalRankAtK", k);
  const end = Math.min(k, ranked.length);
  for (let i = 0; i < end; i++) {
    const id = ranked[i]!;
    if (id >= 0 && relevant.has(id)) return 1 / (i + 1);
  }
  return 0;
}
