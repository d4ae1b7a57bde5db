import { compareRuns, evaluatedOn } from "../../analysis/compare-runs.js";
import { secondsSpent } from "../../analysis/curves.js";
import type { Listener } from "../../engine/progress.js";
import { bars } from "../../reporting/figures/bars.js";
import { intervalCurve } from "../../reporting/figures/interval-curve.js";
import type { Figure } from "../../reporting/figures/theme.js";
import { humanTime } from "../../reporting/human-numbers.js";
import { type ResultsTable, resultsTable } from "../../reporting/results-table.js";
import { resultsView } from "../../reporting/results-table-view.js";
import type { Table } from "../../reporting/table.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { type ExperimentKey, type ThesisExperiment, thesisExperiments } from "./experiments.js";
import { type OurResults, shapeAgreement, shapeSentence, sideBySide } from "./published-table.js";
import { type Size, type SweepRuns, sweepRuns } from "./sweep-runs.js";
import { type PublishedTable, THESIS_METRICS } from "./thesis-tables.js";

/** An experiment of the thesis as measured here, ready to be shown. */
export interface ExperimentView {
  experiment: ThesisExperiment;
  sweeps: SweepRuns[];
  /** One per data set and evaluation set. */
  ours: OurResults[];
  /** Published beside ours; ours alone where the thesis printed no numbers. */
  table: Table;
  /** Recall@10 by row. */
  figure: Figure;
  /** How far ours has the published shape, a sentence per column. */
  answer: string[];
  /** What was run, and how long it took. */
  statement: string;
}

const FIGURE_METRIC = "Recall@10";

/** Runs or reads an experiment and prepares its tables and figure. */
export async function experimentView(
  key: ExperimentKey,
  options: { size: Size; datasets?: readonly string[]; workers?: number; listener?: Listener },
): Promise<ExperimentView> {
  const experiment: ThesisExperiment = thesisExperiments[key];
  const sweeps = await sweepRuns(key, options);
  const ours = sweeps.flatMap((sweep) =>
    datasetResults(sweep.runs, sweep.dataset.sets, sweep.dataset.name, sweep.baseline),
  );
  return {
    experiment,
    sweeps,
    ours,
    table:
      experiment.published === null
        ? resultsView(ours[0]!.results)
        : sideBySide(experiment.published, ours, ["Recall@10", "MRR@10"]),
    figure: rowFigure(experiment, ours, sweeps[0]!.rows),
    answer: experiment.published === null ? [] : answers(experiment.published, ours),
    statement: sweeps.map(runStatement).join(" "),
  };
}

/** Measures on clean queries, by default all of the thesis, for each evaluation set of a data set. */
export function datasetResults(
  runs: readonly RunFolder[],
  sets: readonly string[],
  dataset: string,
  baseline: string | null,
  nameOf?: (run: RunFolder) => string,
  metrics: readonly string[] = THESIS_METRICS,
): OurResults[] {
  return sets.map((set) => {
    const selections = metrics.map((measure) => ({ label: measure, set, measure, typo: 0 }));
    const name = sets.length === 1 ? dataset : `${dataset}, ${set}`;
    const results: ResultsTable = resultsTable(compareRuns(runs, selections, nameOf), {
      title: name,
      baseline,
      metrics,
    });
    return { dataset: name, results };
  });
}

/** How far ours has the published shape, a sentence per data set. */
export function answers(published: PublishedTable, ours: readonly OurResults[]): string[] {
  return ours.map(({ dataset, results }) =>
    shapeSentence(shapeAgreement(published, results, FIGURE_METRIC), dataset),
  );
}

function rowFigure(
  { published, parameter }: ThesisExperiment,
  ours: readonly OurResults[],
  rows: readonly string[],
): Figure {
  const printed = new Map(published?.rows.map(({ name, values }) => [name, values[0]!]));
  const measured = (results: ResultsTable, row: string) => {
    const column = results.metrics.indexOf(FIGURE_METRIC);
    return results.rows.find(({ system }) => system === row)?.cells[column] ?? null;
  };
  const measuredSeries = ours.map(({ dataset, results }) => ({
    name: dataset,
    cells: rows.map((row) => measured(results, row)),
  }));
  if (parameter !== null) {
    const points = rows.flatMap((row) => {
      const mean = printed.get(row);
      return mean === undefined ? [] : [{ x: parameter.valueOf(row), mean }];
    });
    const series = measuredSeries.map(({ name, cells }) => ({
      name,
      points: cells.flatMap((cell, i) => {
        if (cell === null) return [];
        const { mean, low, high } = cell;
        return [{ x: parameter.valueOf(rows[i]!), mean, low, high }];
      }),
    }));
    const options = { xTitle: parameter.title, yTitle: FIGURE_METRIC, logarithmic: true };
    return intervalCurve([...(points.length > 0 ? [{ name: "thesis", points }] : []), ...series], options);
  }
  const thesis = rows.map((row) => {
    const mean = printed.get(row);
    return mean === undefined ? null : { mean, low: mean, high: mean };
  });
  const all = [
    ...(printed.size > 0 ? [{ name: "thesis", values: thesis }] : []),
    ...measuredSeries.map(({ name, cells }) => ({ name, values: cells })),
  ];
  return bars(rows, all, { valueTitle: FIGURE_METRIC, horizontal: true });
}

function runStatement({ dataset, runs, rows }: SweepRuns): string {
  const seconds = runs.reduce(
    (sum, run) => sum + Object.values(secondsSpent(run)).reduce((a, b) => a + b, 0),
    0,
  );
  const seeds = runs.length / rows.length;
  const { sets } = evaluatedOn(runs[0]!);
  const small =
    dataset.name === "emoji-small" ? " A small version: its numbers are not those of the answer." : "";
  return (
    `${dataset.name}: ${rows.length} rows × ${seeds} ${seeds === 1 ? "seed" : "seeds"}, evaluated on ${sets.join(" and ")}; ` +
    `${humanTime(seconds)} of training and evaluation in all.${small}`
  );
}
