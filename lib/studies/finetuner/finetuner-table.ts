import { plainTable, type Table } from "../../reporting/table.js";
import { relativeChange } from "../../training/callbacks/evaluation.js";
import type { ReportRow } from "../../training/fit/fit-report.js";
import { publishedChanges } from "./published-results.js";

/** A fit to be shown beside the published ones. */
export interface ShownFit {
  model: string;
  task: string;
  report: readonly ReportRow[];
}

/**
 * The fine-tuner's table of quality before and after with relative change: ours with intervals over queries and a paired test,
 * the published rows under them.
 *
 * @param measures of ours that are shown
 */
export function finetunerTable(
  fits: readonly ShownFit[],
  measures: readonly string[] = ["reciprocal_rank", "recall_at_k"],
): Table {
  const interval = ({ low, high }: { low: number; high: number }) =>
    `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
  const ours = fits.flatMap(({ model, task, report }) =>
    report
      .filter(({ measure }) => measures.includes(measure))
      .map((row) => [
        ...["ours", model, task, row.measure.replaceAll("_", " ")],
        { text: row.before.toFixed(3), detail: interval(row.beforeInterval) },
        { text: row.after.toFixed(3), detail: interval(row.afterInterval) },
        percent(row.change),
        row.p.toFixed(4),
      ]),
  );
  const published = publishedChanges.map(({ model, task, measure, before, after }) => [
    ...["published", model, task, measure.replaceAll("_", " "), before.toFixed(3), after.toFixed(3)],
    ...[percent(relativeChange(before, after)), ""],
  ]);
  return plainTable(
    ["", "model", "task", "measure", "before", "after", "change", "p"],
    [...ours, ...published],
    {
      title: "Before and after fine-tuning, first 20 results",
      notes: [
        "Intervals: 95 %, bootstrap over queries. p: paired randomisation test of ours, not corrected.",
        "Published: other data and models; recomputed changes differ from the published ones by rounding.",
      ],
    },
  );
}

function percent(change: number): string {
  return Number.isFinite(change) ? `${change < 0 ? "" : "+"}${(100 * change).toFixed(1)} %` : "from 0";
}
