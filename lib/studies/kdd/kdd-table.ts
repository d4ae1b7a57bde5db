import { type ResultsTable, resultsTable } from "../../reporting/results-table.js";
import type { KddReport, KddScores } from "./run-kdd.js";

/** What the models are to beat: the pictures' labels of pre-training, without a matching model. */
const BASELINE = "Label loss (pre-training)";

/**
 * nDCG@5 of every system on the test set, or on validation where the test set has no answers, compared with the label
 * loss of pre-training. Under each name stands its mean on validation, by which epochs and the ensemble's weights were
 * chosen.
 *
 * @param reports  one for each seed, of the same task
 */
export function kddTable(reports: readonly KddReport[], testSet: string): ResultsTable {
  const tested = reports.every(({ systems }) => systems.every(({ test }) => test !== null));
  const metric = `nDCG@5, ${tested ? testSet : "validation"}`;
  const names = reports[0]!.systems.map(({ name }) => name);
  const scoresOf = (report: KddReport, at: number): KddScores =>
    tested ? report.systems[at]!.test! : report.systems[at]!.validation;
  const queries = Object.keys(scoresOf(reports[0]!, 0).perQuery);
  const weights = reports.map(({ ensembleWeight }) => ensembleWeight.toFixed(2)).join(", ");
  const systems = names.map((system, at) => {
    const validation = reports.reduce((sum, { systems }) => sum + systems[at]!.validation.mean, 0);
    const share = system === "Ensemble" ? `${weights} of model 1; ` : "";
    return {
      system,
      description: `${share}validation ${(validation / reports.length).toFixed(3)}`,
      runs: reports.map(({ seed }) => ({ seed, dir: "" })),
      values: { [metric]: reports.map((report) => queries.map((id) => scoresOf(report, at).perQuery[id]!)) },
    };
  });
  return resultsTable(systems, { title: "KDD Cup system", baseline: BASELINE });
}
