import type { Listener } from "../../engine/progress.js";
import { headline } from "../../reporting/headline.js";
import type { Table } from "../../reporting/table.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { answers, datasetResults } from "./experiment-view.js";
import { type OurResults, sideBySide } from "./published-table.js";
import { type Size, type SweepRuns, sweepRuns } from "./sweep-runs.js";
import { thesisTables } from "./thesis-tables.js";

const TRIPLET = "triplet at its best";
const SOFTMAX = "softmax at its best";

/** The two losses, each at the setting that is best in its own sweep. */
export interface LossView {
  ours: OurResults[];
  table: Table;
  answer: string[];
  /** Which settings were chosen, and on what. */
  statement: string;
}

/**
 * Table 4.4: the best margin against the best temperature. As in the thesis, the best is chosen by Recall@10 on the
 * queries that are then reported (the first evaluation set of each data set), which flatters both a little.
 */
export async function lossView(options: {
  size: Size;
  datasets?: readonly string[];
  workers?: number;
  listener?: Listener;
}): Promise<LossView> {
  const margins = await sweepRuns("margin", options);
  const temperatures = await sweepRuns("temperature", options);
  const chosen: string[] = [];
  const ours = margins.flatMap((margin) => {
    const { dataset } = margin;
    const temperature = temperatures.find((sweep) => sweep.dataset.name === dataset.name);
    if (temperature === undefined) return [];
    const triplet = bestRuns(margin);
    const softmax = bestRuns(temperature);
    chosen.push(`${dataset.name}: ${triplet.row} and ${softmax.row}`);
    const nameOf = (run: RunFolder) => (triplet.runs.includes(run) ? TRIPLET : SOFTMAX);
    return datasetResults([...triplet.runs, ...softmax.runs], dataset.sets, dataset.name, TRIPLET, nameOf);
  });
  return {
    ours,
    table: sideBySide(thesisTables.loss, ours, ["Recall@10", "MRR@10"]),
    answer: answers(thesisTables.loss, ours).map(
      (shape, i) => `${shape} ${headline(ours[i]!.results, SOFTMAX, "MRR@10")}`,
    ),
    statement: `Settings chosen by Recall@10 on the first evaluation set (thesis: m 0.3 and τ 0.1). ${chosen.join("; ")}.`,
  };
}

/** The runs of the row with the highest mean Recall@10 over queries and seeds, on clean queries of the first set. */
export function bestRuns({ runs, rows, dataset }: SweepRuns): { row: string; runs: RunFolder[] } {
  const set = dataset.sets[0]!;
  const byRow = rows.map((row) => {
    const members = runs.filter((run) => run.manifest().system === row);
    const values = members.flatMap((run) =>
      run
        .queries()
        .filter((result) => result.set === set && result.typo === 0)
        .map((result) => result.values["Recall@10"]!),
    );
    return { row, runs: members, mean: values.reduce((sum, value) => sum + value, 0) / values.length };
  });
  return byRow.reduce((best, candidate) => (candidate.mean > best.mean ? candidate : best));
}
