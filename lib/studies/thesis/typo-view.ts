import { evaluatedOn } from "../../analysis/compare-runs.js";
import { typoLines } from "../../analysis/curves.js";
import { setTable } from "../../analysis/report-page.js";
import type { Listener } from "../../engine/progress.js";
import { recallVsTypo } from "../../reporting/figures/recall-vs-typo.js";
import type { Figure } from "../../reporting/figures/theme.js";
import type { ResultsTable } from "../../reporting/results-table.js";
import { formatDelta, formatP } from "../../reporting/results-table-view.js";
import { type Size, sweepRuns } from "./sweep-runs.js";

/** Words against words with trigrams, under typos, for one evaluation set. */
export interface TypoView {
  title: string;
  /** Recall@10 and Recall@100 against the probability of a typo. */
  figures: { title: string; figure: Figure }[];
  /** Recall@10 clean and under typos, differences to words alone. */
  results: ResultsTable;
  answer: string;
}

/** Figure 4.2: what character trigrams do for misspelled queries. */
export async function typoViews(options: {
  size: Size;
  datasets?: readonly string[];
  workers?: number;
  listener?: Listener;
}): Promise<TypoView[]> {
  const sweeps = await sweepRuns("tokens", options);
  return sweeps.flatMap(({ dataset, runs, baseline }) =>
    dataset.sets.map((set): TypoView => {
      const title = dataset.sets.length === 1 ? dataset.name : `${dataset.name}, ${set}`;
      const { typos } = evaluatedOn(runs[0]!);
      const results = setTable(runs, set, typos, baseline, title);
      const figures = ["Recall@10", "Recall@100"].map((measure) => ({
        title: `${measure}: ${title}`,
        figure: recallVsTypo(typoLines(runs, { set, measure }), measure),
      }));
      return { title, figures, results, answer: answer(results, title) };
    }),
  );
}

/** What trigrams change on clean and on the most misspelled queries. */
function answer(results: ResultsTable, title: string): string {
  const row = results.rows.find(({ system }) => system === "words + trigrams");
  const changes = ["Recall@10", results.metrics.at(-1)!].flatMap((metric) => {
    const comparison = row?.cells[results.metrics.indexOf(metric)]?.comparison;
    if (comparison == null) return [];
    return [
      `${metric} ${formatDelta(comparison.difference, 3)} (corrected p ${formatP(comparison.adjustedP)})`,
    ];
  });
  return `${title}: trigrams beside words change ${changes.join(" and ")}.`;
}
