import { UserError } from "../../files/user-error.js";

/** A returned document of a validation query: its score and whether it is relevant. */
export interface ScoredAnswer {
  score: number;
  relevant: boolean;
}

/** What counts in choosing a threshold. */
export type ThresholdCriterion =
  /** The best F1 of precision and recall over all answers of all queries together. */
  | { kind: "f1" }
  /** The lowest threshold whose answers are relevant at least as often as `target`. */
  | { kind: "precision"; target: number };

export interface ThresholdChoice {
  /** Answers scored lower are not returned. */
  threshold: number;
  /** Relevant answers / answers, over all queries together. */
  precision: number;
  /** Relevant answers / relevant documents, over all queries together. */
  recall: number;
  f1: number;
  /** Share of queries that get no answer at all. */
  silent: number;
}

/**
 * Chooses the score under which nothing is returned, from validation queries; figures on other queries then say what it
 * is worth. Every score that occurs is tried; of equally good thresholds the highest is taken for "f1".
 *
 * @param answers        per query what it returned, best first or not
 * @param totalRelevant  relevant documents of all queries together, those not returned included
 * @returns null if no threshold meets the criterion (no relevant answers, or a precision out of reach)
 */
export function chooseThreshold(
  answers: readonly (readonly ScoredAnswer[])[],
  totalRelevant: number,
  criterion: ThresholdCriterion,
): ThresholdChoice | null {
  if (answers.length === 0) throw new UserError("chooseThreshold: answers must not be empty, got 0 queries");
  if (criterion.kind === "precision" && !(criterion.target > 0 && criterion.target <= 1))
    throw new UserError(`chooseThreshold: target must be in (0, 1], got ${criterion.target}`);
  const curve = thresholdCurveOf(answers, totalRelevant);
  let chosen: ThresholdChoice | null = null;
  for (const point of curve) {
    if (point.recall === 0) continue;
    if (criterion.kind === "f1" ? point.f1 > (chosen?.f1 ?? 0) : point.precision >= criterion.target)
      chosen = point;
  }
  return chosen;
}

/** Every threshold that makes a difference, from the highest score down, with what it does. */
export function thresholdCurveOf(
  answers: readonly (readonly ScoredAnswer[])[],
  totalRelevant: number,
): ThresholdChoice[] {
  const all = answers.flatMap((list, query) =>
    list.map(({ score, relevant }) => ({ score, relevant, query })),
  );
  for (const { score } of all)
    if (Number.isNaN(score)) throw new UserError("thresholdCurveOf: scores must be numbers, got NaN");
  all.sort((a, b) => b.score - a.score);
  const curve: ThresholdChoice[] = [];
  const speaking = new Set<number>();
  let right = 0;
  all.forEach(({ score, relevant, query }, i) => {
    speaking.add(query);
    if (relevant) right++;
    if (i + 1 < all.length && all[i + 1]!.score === score) return;
    const precision = right / (i + 1);
    const recall = totalRelevant === 0 ? 0 : right / totalRelevant;
    const f1 = right === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    curve.push({ threshold: score, precision, recall, f1, silent: 1 - speaking.size / answers.length });
  });
  return curve;
}
