import type { DrawnValue } from "../../metrics/drawn-mean.js";
import type { JudgingDraw } from "./judging-task.js";
import type { QueryPool } from "./query-pool.js";

/**
 * What the documents asked of a drawn query say about the systems' differences, without bias: with d₀ the difference by the
 * expected grades and dⱼ that with the first j grades as judged, d₀ + Σⱼ (dⱼ − dⱼ₋₁)/sⱼ over the documents asked, where sⱼ is the
 * chance that document j is. All asked, and all chances 1, it is the difference itself.
 *
 * @param grades  of the judged documents; null, unsure, counts as 0
 * @returns of each difference, with its variance: Σⱼ Δⱼ²(1/sⱼ − 1) + 2 Σ_{i<j} ΔᵢΔⱼ(1/sᵢ − 1), estimated without bias
 * @see McLeish 2011, doi:10.1515/mcma.2011.013 (randomised truncation)
 */
export function drawnDifferences(
  pool: QueryPool,
  draw: JudgingDraw,
  grades: ReadonlyMap<number, number | null>,
  whole: boolean,
): DrawnValue[] {
  const current = Float64Array.from(pool.whole, (document) => grades.get(document) ?? 0);
  const facts = { probability: draw.probability };
  const judged = whole ? pool.differences(current) : null;
  for (const { document, grade } of draw.documents) current[pool.place(document)] = grade;
  const guess = pool.differences(current);
  const rest = guess.map((value, s) => ({ ...facts, guess: value, guesses: draw.guesses[s]! }));
  if (judged) return judged.map((value, s) => ({ ...rest[s]!, value, variance: 0 }));
  const values = [...guess];
  const variances = guess.map(() => 0);
  const sums = guess.map(() => 0);
  let before = guess;
  for (const { document, chance } of draw.documents.slice(0, draw.asked)) {
    current[pool.place(document)] = grades.get(document) ?? 0;
    const after = pool.differences(current);
    after.forEach((value, s) => {
      const change = value - before[s]!;
      values[s]! += change / chance;
      variances[s]! += (change * change * (1 / chance - 1) + 2 * change * sums[s]!) / chance;
      sums[s]! += change * (1 / chance - 1);
    });
    before = after;
  }
  return values.map((value, s) => ({ ...rest[s]!, value, variance: variances[s]! }));
}
