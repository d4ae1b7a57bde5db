import { UserError } from "../../files/user-error.js";

/**
 * Recall@k as the original system computed it: the denominator is the length of the list of relevant ids, repeats
 * included, so a repeated id lowers the value. Kept to read its published numbers; parseMeasure gives the usual one.
 *
 * @throws RangeError unless k is a positive integer
 */
export function publishedRecallAtK(
  ranked: ArrayLike<number>,
  relevant: readonly number[],
  k: number,
): number {
  if (!Number.isInteger(k) || k < 1)
    throw new UserError(`publishedRecallAtK: k must be a positive integer, got ${k}`);
  const wanted = new Set(relevant);
  const found = new Set(
    Array.from(ranked)
      .slice(0, k)
      .filter((id) => wanted.has(id)),
  );
  return relevant.length === 0 ? 0 : found.size / relevant.length;
}
