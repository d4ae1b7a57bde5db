import { UserError } from "../files/user-error.js";

/** @throws RangeError unless k is a positive integer */
export function checkCutoff(where: string, k: number): void {
  if (!Number.isInteger(k) || k < 1) throw new UserError(`${where}: k must be a positive integer, got ${k}`);
}

/**
 * Recall@k of one query: |top-k ∩ relevant| / |relevant|.
 *
 * An id that occurs twice in the ranking counts once. −1 (an empty slot of a search) never matches.
 * k beyond the list uses the whole list; no relevant documents give 0.
 *
 * @param ranked    document indices, best first
 * @param relevant  the distinct relevant indices; see {@link publishedRecallAtK} for lists with repeats
 * @throws RangeError unless k is a positive integer
 */
export function recallAtK(ranked: ArrayLike<number>, relevant: ReadonlySet<number>, k: number): number {
  checkCutoff("recallAtK", k);
  return relevant.size === 0 ? 0 : countHits(ranked, relevant, k) / relevant.size;
}

/**
 * Recall@k as the original system computed it: the denominator is the length of the list of relevant ids, repeats
 * included, so a repeated id lowers the value. Kept to read its published numbers; use {@link recallAtK}.
 */
export function publishedRecallAtK(
  ranked: ArrayLike<number>,
  relevant: readonly number[],
  k: number,
): number {
  checkCutoff("publishedRecallAtK", k);
  return relevant.length === 0 ? 0 : countHits(ranked, new Set(relevant), k) / relevant.length;
}

function countHits(ranked: ArrayLike<number>, relevant: ReadonlySet<number>, k: number): number {
  const found = new Set<number>();
  const end = Math.min(k, ranked.length);
  for (let i = 0; i < end; i++) {
    const id = ranked[i]!;
    if (id >= 0 && relevant.has(id)) found.add(id);
  }
  return found.size;
}
