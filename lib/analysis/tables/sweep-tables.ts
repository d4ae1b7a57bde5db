import path from "node:path";
import { atomicWriteFile } from "../../files/atomic-write.js";
import type { ResultsTable } from "../../reporting/results-table.js";
import { resultsCsv, resultsLatex, resultsMarkdown } from "../../reporting/results-table-view.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { evaluatedOn } from "../compare-runs.js";
import { setTable } from "../report-page.js";

/**
 * The tables of a sweep's finished runs, one for each evaluation set, written as `<folder>/<task>-<set>.md`, .csv and .tex.
 *
 * @returns each table with the path it was written to, without its ending; none without runs
 */
export function writeSweepTables(
  runs: readonly RunFolder[],
  names: { task: string; title: string; baseline: string },
  folder: string,
): { table: ResultsTable; stem: string }[] {
  if (runs.length === 0) return [];
  const { sets, typos } = evaluatedOn(runs[0]!);
  return sets.map((set) => {
    const table = setTable(runs, set, typos, names.baseline, `${names.title} (${set})`);
    const stem = path.join(folder, `${names.task}-${set}`);
    atomicWriteFile(`${stem}.md`, resultsMarkdown(table));
    atomicWriteFile(`${stem}.csv`, resultsCsv(table));
    atomicWriteFile(`${stem}.tex`, resultsLatex(table));
    return { table, stem };
  });
}
