import { byFallingValue, type ChoicePart } from "./choice-part.js";

/** What cosines are divided by before the softmax; the temperature that configurations train with. */
const TEMPERATURE = 0.1;

/**
 * The question of which the model knows least which candidate is meant: the highest entropy −Σ p ln p of
 * p = softmax(cosine / 0.1) over its candidates.
 *
 * @see Settles 2009, Active Learning Literature Survey, section 3.1 (uncertainty sampling by entropy)
 */
export const uncertainChoice: ChoicePart = {
  kind: "uncertain",
  summary: "the question whose candidates the model tells apart least (entropy)",
  settings: {},
  rank: ({ scores, k, count }, wanted) =>
    byFallingValue(
      Float64Array.from({ length: count }, (_, q) => entropyOf(scores.subarray(q * k, (q + 1) * k))),
      wanted,
    ),
};

/**
 * The question whose two best candidates are nearest to each other in score: the model names an answer, and hardly prefers it.
 *
 * @see Scheffer, Decomain & Wrobel 2001, doi:10.1007/3-540-44816-0_31 (margin sampling)
 */
export const marginChoice: ChoicePart = {
  kind: "margin",
  summary: "the question whose two best candidates are closest in score",
  settings: {},
  rank: ({ scores, k, count }, wanted) =>
    byFallingValue(
      Float32Array.from({ length: count }, (_, q) =>
        k < 2 || scores[q * k + 1] === -Infinity ? -Infinity : scores[q * k + 1]! - scores[q * k]!,
      ),
      wanted,
    ),
};

/** Entropy of the softmax of scores, best first; 0 for one candidate and for none. */
function entropyOf(scores: Float32Array): number {
  const weights = Float64Array.from(scores, (score) =>
    score === -Infinity ? 0 : Math.exp((score - scores[0]!) / TEMPERATURE),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) return 0;
  return weights.reduce((sum, weight) => {
    const p = weight / total;
    return p > 0 ? sum - p * Math.log(p) : sum;
  }, 0);
}
