import { UserError } from "../files/user-error.js";
import type { ResultsTable } from "./results-table.js";
import { formatP } from "./results-table-view.js";

/**
 * One sentence that answers "does it beat the baseline?" with numbers and uncertainty, such as "TwoTower:
 * Recall@10 0.612 [0.590, 0.634], 0.201 above BM25 (corrected p < .001, 946 queries, 1 seed).".
 *
 * @param system  the system in question
 * @throws RangeError if the system or metric is not in the table or was not measured
 */
export function headline(results: ResultsTable, system: string, metric: string): string {
  const row = results.rows.find((candidate) => candidate.system === system);
  const column = results.metrics.indexOf(metric);
  const cell = row?.cells[column];
  if (cell == null) throw new UserError(`headline: the table must hold ${metric} of "${system}", got none`);
  const facts = `${cell.queries.toLocaleString("en-US")} queries, ${cell.seeds} ${cell.seeds === 1 ? "seed" : "seeds"}`;
  const value = `${system}: ${metric} ${cell.mean.toFixed(3)} [${cell.low.toFixed(3)}, ${cell.high.toFixed(3)}]`;
  if (cell.comparison === null) return `${value} (${facts}).`;
  const { difference, adjustedP, mark } = cell.comparison;
  const relation =
    mark === "same"
      ? `not significantly different from ${results.baseline}`
      : `${Math.abs(difference).toFixed(3)} ${difference > 0 ? "above" : "below"} ${results.baseline}`;
  return `${value}, ${relation} (corrected p ${formatP(adjustedP)}, ${facts}).`;
}
