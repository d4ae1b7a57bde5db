import { UserError } from "../../files/user-error.js";

/**
 * nDCG@k of a list of products against its answers: binary gains, discount 1 / log₂(rank + 1); the ideal list has
 * min(k, answers) ones at the top. A product listed twice counts at its first place.
 *
 * @returns 0 without answers
 * @see specs/3-kdd-multimodal-recall.md section 10
 */
function answerNdcg(products: readonly string[], answers: readonly string[], k = 5): number {
  if (!Number.isInteger(k) || k < 1)
    throw new UserError(`answerNdcg: k must be a positive integer, got ${k}`);
  const left = new Set(answers);
  const ideal = Math.min(k, left.size);
  let gained = 0;
  products.slice(0, k).forEach((product, rank) => {
    if (left.delete(product)) gained += 1 / Math.log2(rank + 2);
  });
  let best = 0;
  for (let rank = 0; rank < ideal; rank++) best += 1 / Math.log2(rank + 2);
  return best === 0 ? 0 : gained / best;
}

/**
 * {@link answerNdcg} of every answered query, and the mean.
 *
 * @param predictions products per query, best first
 * @throws RangeError naming an answered query that has no prediction
 */
export function meanAnswerNdcg(
  predictions: ReadonlyMap<string, readonly string[]>,
  answers: ReadonlyMap<string, readonly string[]>,
  k = 5,
): { perQuery: Map<string, number>; mean: number } {
  const perQuery = new Map<string, number>();
  for (const [query, wanted] of answers) {
    const products = predictions.get(query);
    if (products === undefined)
      throw new UserError(`meanAnswerNdcg: every answered query must be predicted, got none for ${query}`);
    perQuery.set(query, answerNdcg(products, wanted, k));
  }
  let sum = 0;
  for (const value of perQuery.values()) sum += value;
  return { perQuery, mean: perQuery.size === 0 ? 0 : sum / perQuery.size };
}
