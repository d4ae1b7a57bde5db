import { ownEntry } from "../../files/own-entry.js";
import { bootstrapInterval, shownResampling } from "../../metrics/bootstrap.js";
import { humanTime } from "../../reporting/human-numbers.js";
import { type ResultsTable, resultsTable } from "../../reporting/results-table.js";
import { plainTable, type Table } from "../../reporting/table.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { compareRuns } from "../compare-runs.js";
import { secondsSpent } from "../curves.js";
import type { MissingRun } from "../run-list.js";

export interface SystemsOptions {
  set: string;
  /** by name, the first one is what {@link costTable} reports */
  measures: readonly string[];
  /** system that the others are compared with */
  baseline: string;
}

/** Systems on the same clean queries: means, intervals, and which differ from the baseline. */
export function systemsTable(
  runs: readonly RunFolder[],
  { set, measures, baseline }: SystemsOptions,
): ResultsTable {
  const selections = measures.map((measure) => ({ label: measure, set, measure, typo: 0 }));
  return resultsTable(compareRuns(runs, selections), {
    title: `Queries: ${set}`,
    baseline,
    metrics: [...measures],
  });
}

/**
 * What each system costs in parameters and time on this machine, and what it gains over the baseline; seeds of a system are rows
 * of their own.
 *
 * @param missing systems that were not run, shown with what they need
 */
export function costTable(
  runs: readonly RunFolder[],
  { set, measures, baseline }: SystemsOptions,
  missing: readonly MissingRun[] = [],
): Table {
  const measure = measures[0]!;
  const valuesOf = (run: RunFolder) =>
    Float64Array.from(
      run.queries().filter((result) => result.set === set && result.typo === 0),
      (result) => result.values[measure]!,
    );
  const reference = runs.find((run) => run.manifest().system === baseline)!;
  const base = bootstrapInterval(valuesOf(reference), shownResampling).mean;
  const rows = runs.map((run) => {
    const { system, counts } = run.manifest();
    const spent = secondsSpent(run);
    const time = (name: string) => {
      const seconds = ownEntry(spent, name);
      return seconds === undefined ? "–" : humanTime(seconds);
    };
    const { mean, low, high } = bootstrapInterval(valuesOf(run), shownResampling);
    const gain = mean - base;
    return [
      system,
      counts["parameters"]?.toLocaleString("en") ?? "–",
      time("train"),
      time("encode"),
      `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`,
      run === reference ? "" : `${gain >= 0 ? "+" : "−"}${Math.abs(gain).toFixed(3)}`,
    ];
  });
  return plainTable(
    ["system", "parameters", "training", "encoding the documents", measure, `against ${baseline}`],
    [
      ...rows,
      ...missing.map(({ name, missing: lacks }) => [name, "–", "–", "–", `not run: needs ${lacks}`, ""]),
    ],
    { title: "Cost and gain" },
  );
}
