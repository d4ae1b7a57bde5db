import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import type { QueryResult } from "../tracking/run-folder.js";

/** One part of what is maximised: a measure of queries misspelled with a probability per word. */
export interface ObjectiveTerm {
  measure: string;
  typos: number;
  weight: number;
}

/** Probability of a typo per word where an objective's name says "typos". */
const TYPOS = 0.75;

const term = (measure: string, typos = 0): ObjectiveTerm => ({ measure, typos, weight: 1 });

const named = {
  recall: [term("Recall@10")],
  ndcg: [term("nDCG@10")],
  "recall-typos": [term("Recall@10", TYPOS)],
  "ndcg-typos": [term("nDCG@10", TYPOS)],
  mixture: [term("Recall@10"), term("Recall@10", TYPOS)],
  "ndcg-mixture": [term("nDCG@10"), term("nDCG@10", TYPOS)],
} satisfies Record<string, ObjectiveTerm[]>;

export type ObjectiveName = keyof typeof named;

/** Objectives by name. */
export const objectiveNames = Object.keys(named) as [ObjectiveName, ...ObjectiveName[]];

export function objectiveTerms(
  objective: ObjectiveName | readonly ObjectiveTerm[],
): readonly ObjectiveTerm[] {
  return typeof objective === "string" ? named[objective] : objective;
}

/** As a table's heading says it: "mean of Recall@10 and Recall@10 (typos .75)". */
export function describeObjective(terms: readonly ObjectiveTerm[]): string {
  const parts = terms
    .map(({ measure, typos, weight }) => {
      const share = weight === 1 ? "" : `${weight} `;
      return `${share}${measure}${typos === 0 ? "" : ` (typos ${typos})`}`;
    })
    .join(" and ");
  return terms.length === 1 ? parts : `mean of ${parts}`;
}

/** Keys of a configuration's evaluation that make a run measure the terms, on validation queries alone. */
export function measuringOverrides(terms: readonly ObjectiveTerm[]): Record<string, unknown> {
  const own = (measure: string) => /^(Recall|MRR)@10$/.test(measure); // of k: [10]
  const measures = [...new Set(terms.map(({ measure }) => measure).filter((measure) => !own(measure)))];
  return {
    "recall_validation.enabled": true,
    "recall_validation.sets": ["validation"],
    "recall_validation.k": [10],
    "recall_validation.measures": measures,
    "recall_validation.query_typo_probabilities": [...new Set(terms.map(({ typos }) => typos))].sort(
      (a, b) => a - b,
    ),
    "recall_validation.every_epochs": 1_000_000, // the last epoch is evaluated anyway
  };
}

/**
 * The objective of every query of a set, in the order of its queries: Σ weight · value / Σ weight.
 *
 * @throws UserError for a measure that the run has not
 */
export function objectiveValues(
  results: readonly QueryResult[],
  set: string,
  terms: readonly ObjectiveTerm[],
): Float64Array {
  const total = terms.reduce((sum, { weight }) => sum + weight, 0);
  let values: Float64Array | null = null;
  for (const { measure, typos, weight } of terms) {
    const rows = results.filter((result) => result.set === set && result.typo === typos);
    values ??= new Float64Array(rows.length);
    if (rows.length === 0 || rows.length !== values.length)
      throw new UserError(
        `objective: every term must have the same queries, got ${rows.length} of ${measure}`,
      );
    for (const [q, row] of rows.entries()) {
      const value = ownEntry(row.values, measure);
      if (value === undefined)
        throw new UserError(
          `objective: measure must be one of ${Object.keys(row.values).join(", ")}, got ${measure}`,
        );
      values[q]! += (weight / total) * value;
    }
  }
  return values!;
}
