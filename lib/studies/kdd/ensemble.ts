import { UserError } from "../../files/user-error.js";
import { meanAnswerNdcg } from "./answer-ndcg.js";
import type { Answers, Predictions } from "./files/prediction-files.js";

/** How two models' scores become comparable: as they are (as published), or as z-scores within each query. */
export type ScoreScaling = "raw" | "z_score";

/** Evenly spaced weights from 0 to 1, both included. @throws RangeError for fewer than 2 points */
export function ensembleGrid(points: number): number[] {
  if (!Number.isInteger(points) || points < 2)
    throw new UserError(`ensembleGrid: points must be an integer ≥ 2, got ${points}`);
  return Array.from({ length: points }, (_, i) => i / (points - 1));
}

/**
 * weight · first + (1 − weight) · second per candidate, sorted descending; equal sums keep the order of `second` (the
 * order that ensembling reads candidates in).
 *
 * @throws RangeError unless both models score the same candidates of the same queries
 * @see specs/3-kdd-multimodal-recall.md section 10
 */
export function ensembleScores(
  first: Predictions,
  second: Predictions,
  weight: number,
  scaling: ScoreScaling = "raw",
): Predictions {
  const combined: Predictions = new Map();
  for (const [query, list] of second) {
    const other = first.get(query);
    if (other === undefined || other.length !== list.length)
      throw new UserError(
        `ensembleScores: both models must score the same candidates, got ${other?.length ?? 0} and ${list.length} for query ${query}`,
      );
    const scaleFirst = scaler(other, scaling);
    const scaleSecond = scaler(list, scaling);
    const scoreOf = new Map(other);
    const sums = list.map(([product, score]): [string, number] => {
      const found = scoreOf.get(product);
      if (found === undefined)
        throw new UserError(`ensembleScores: query ${query}: only one model scores product ${product}`);
      return [product, weight * scaleFirst(found) + (1 - weight) * scaleSecond(score)];
    });
    combined.set(
      query,
      sums.sort((a, b) => b[1] - a[1]),
    );
  }
  return combined;
}

/** The weight with the best mean nDCG@5 on the answered queries; a later one replaces it only if strictly better. */
export function searchEnsemble(
  first: Predictions,
  second: Predictions,
  answers: Answers,
  options: { points?: number; scaling?: ScoreScaling } = {},
): { weight: number; score: number; scores: { weight: number; score: number }[] } {
  const scores = ensembleGrid(options.points ?? 100).map((weight) => ({
    weight,
    score: scorePredictions(ensembleScores(first, second, weight, options.scaling), answers).mean,
  }));
  let best = scores[0]!;
  for (const point of scores) if (point.score > best.score) best = point;
  return { ...best, scores };
}

/** nDCG@5 of predictions, per answered query and on average. */
export function scorePredictions(
  predictions: Predictions,
  answers: Answers,
): { perQuery: Map<string, number>; mean: number } {
  const lists = new Map(
    [...predictions].map(([query, list]) => [
      query,
      [...list].sort((a, b) => b[1] - a[1]).map(([product]) => product),
    ]),
  );
  return meanAnswerNdcg(lists, answers);
}

function scaler(list: readonly (readonly [string, number])[], scaling: ScoreScaling): (x: number) => number {
  if (scaling === "raw") return (x) => x;
  const mean = list.reduce((sum, [, score]) => sum + score, 0) / list.length;
  const variance = list.reduce((sum, [, score]) => sum + (score - mean) ** 2, 0) / list.length;
  return (x) => (variance === 0 ? 0 : (x - mean) / Math.sqrt(variance));
}
