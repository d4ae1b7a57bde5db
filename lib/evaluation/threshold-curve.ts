import { UserError } from "../files/user-error.js";
import type { QueryResult } from "../tracking/run-folder.js";

/** What a score threshold does to a run's first results. */
export interface ThresholdPoint {
  /** Results with a lower score are not returned. */
  threshold: number;
  /** Share of all queries that still get a first result. */
  answered: number;
  /** Share of the answered queries whose first result is relevant; 1 if none is answered. */
  right: number;
}

/**
 * For every threshold the share of queries answered at all and the share of those answered rightly, by the first result
 * of each query.
 *
 * @param thresholds  default: 0 to 1 in steps of 0.05
 * @throws RangeError if there are no results
 */
export function thresholdCurve(
  results: readonly Pick<QueryResult, "top" | "relevant">[],
  thresholds: readonly number[] = Array.from({ length: 21 }, (_, i) => i / 20),
): ThresholdPoint[] {
  if (results.length === 0) throw new UserError("thresholdCurve: results must not be empty, got 0");
  const first = results.map(({ top, relevant }) => {
    const [id, score] = top[0] ?? ["", Number.NEGATIVE_INFINITY];
    return { score, isRight: relevant.includes(id) };
  });
  return thresholds.map((threshold) => {
    const answered = first.filter(({ score }) => score >= threshold);
    const right = answered.filter(({ isRight }) => isRight).length;
    return {
      threshold,
      answered: answered.length / first.length,
      right: answered.length === 0 ? 1 : right / answered.length,
    };
  });
}

/**
 * The lowest threshold whose answered queries are right at least as often as wanted, chosen on one part of the queries
 * and to be reported on another.
 *
 * @returns null if no threshold is good enough
 */
export function pickThreshold(curve: readonly ThresholdPoint[], wantedRight: number): ThresholdPoint | null {
  return curve.find((point) => point.right >= wantedRight && point.answered > 0) ?? null;
}
