import { evaluatePerturbed } from "../../evaluation/perturbed-queries.js";
import { bars } from "../../reporting/figures/bars.js";
import type { Figure } from "../../reporting/figures/theme.js";
import { type ResultsTable, resultsTable, type SystemResults } from "../../reporting/results-table.js";
import { formatDelta, formatP } from "../../reporting/results-table-view.js";
import type { RunFolder } from "../../tracking/run-folder.js";

/** Words that no document and no training query holds. */
const NONSENSE = ["zzzzz", "qqxx"];

/** What superfluous words do to each run: Recall@10 and MRR@10, differences to the queries as typed. */
export interface RedundantView {
  results: ResultsTable[];
  figure: Figure;
  answer: string;
}

/**
 * Table 4.11: the same queries as typed, with one and with two meaningless words appended.
 *
 * @param set  evaluation set
 */
export async function redundantView(runs: readonly RunFolder[], set: string): Promise<RedundantView> {
  const labels = ["as typed", ...NONSENSE.map((_, i) => `+ ${NONSENSE.slice(0, i + 1).join(" ")}`)];
  const results: ResultsTable[] = [];
  for (const run of runs) {
    const variants: SystemResults[] = [];
    for (const [i, system] of labels.entries()) {
      const words = NONSENSE.slice(0, i);
      const perQuery = await evaluatePerturbed(run.dir, (text) => [text, ...words].join(" "), { set });
      const values = Object.fromEntries(
        ["Recall@10", "MRR@10"].map((measure) => [
          measure,
          [perQuery.map((result) => result.values[measure]!)],
        ]),
      );
      const { seed } = run.manifest();
      variants.push({ system, runs: [{ seed, dir: run.dir }], values });
    }
    results.push(resultsTable(variants, { title: run.manifest().system, baseline: "as typed" }));
  }
  const series = results.map(({ title, rows }) => ({
    name: title ?? "",
    values: rows.map((row) => row.cells[0]!),
  }));
  const answer = results.map(({ title, rows }) => {
    const change = rows[1]!.cells[0]!.comparison!;
    return `${title}: a meaningless word changes Recall@10 by ${formatDelta(change.difference, 3)} (corrected p ${formatP(change.adjustedP)}).`;
  });
  return {
    answer: answer.join(" "),
    results,
    figure: bars(labels, series, { valueTitle: "Recall@10", horizontal: true }),
  };
}
