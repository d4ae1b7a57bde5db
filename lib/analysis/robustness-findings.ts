import type { RobustnessResult } from "../evaluation/robustness.js";
import {
  changedQueries,
  damageByError,
  robustnessCurves,
  worstQueries,
} from "../evaluation/robustness-views.js";
import type { Figure } from "../reporting/figures/theme.js";
import { plainTable, type Table } from "../reporting/table.js";
import { robustnessFigure } from "./robustness-section.js";
import { changedTable, damageTable, robustnessTable } from "./tables/robustness-table.js";

/** A run under every kind of typo, ready to be shown. */
export interface RobustnessFindings {
  figure: Figure;
  /** Kind of typo by probability. */
  kinds: Table;
  /** What a single error costs, by its kind, its place and the word's length. */
  damage: Table;
  /** The queries that real misspellings change. */
  real: Table;
  /** The queries that lose most. */
  worst: Table;
}

/**
 * @param results  of evaluateRobustness
 * @param options.name     what the tables call the run
 * @param options.measure  default Recall@10
 */
export function robustnessFindings(
  results: readonly RobustnessResult[],
  options: { name: string; measure?: string },
): RobustnessFindings {
  const { name, measure = "Recall@10" } = options;
  const curves = robustnessCurves(results, measure);
  const worst = worstQueries(results, measure, 10).map(({ query, clean, misspelled }) => [
    query,
    clean.toFixed(2),
    misspelled.toFixed(2),
  ]);
  return {
    figure: robustnessFigure(curves, measure),
    kinds: robustnessTable(curves, `${measure} of ${name}`),
    damage: damageTable(damageByError(results, measure), measure),
    real: changedTable([{ name, damage: changedQueries(results, measure, "real", 1) }], measure),
    worst: plainTable(["query", "as meant", "misspelled"], worst, { title: "Queries that lose most" }),
  };
}
