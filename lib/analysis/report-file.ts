import fs from "node:fs";
import path from "node:path";
import type { Listener } from "../engine/progress.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { makeFolder } from "../files/make-folder.js";
import { UserError } from "../files/user-error.js";
import type { ResultsTable } from "../reporting/results-table.js";
import { distinctRuns } from "../tracking/distinct-runs.js";
import { openRun } from "../tracking/run-folder.js";
import type { ReportOptions } from "./report-options.js";
import { composeReport } from "./report-page.js";
import { evaluatedRuns } from "./run-list.js";

/**
 * Writes one self-contained HTML page about some runs.
 *
 * @param dirs             run folders; none: all of reports/runs/tour
 * @param options          see composeReport
 * @returns the page's tables
 * @throws RangeError before the work if the page cannot be written or there is no run
 */
export async function writeReport(
  dirs: readonly string[],
  output: string,
  options: ReportOptions & { listener: Listener },
): Promise<ResultsTable[]> {
  checkWritable(output);
  const given = dirs.length > 0 ? dirs.map(openRun) : evaluatedRuns("reports/runs/tour", options.listener);
  const runs = distinctRuns(given, options.listener);
  if (runs.length === 0)
    throw new UserError(
      "report: reports/runs/tour must hold runs, got none; run npm start or qdrl train first",
    );
  const { html, results } = await composeReport(runs, options);
  atomicWriteFile(output, html);
  return results;
}

/** Finds out before minutes of work, not after, that a page cannot be written. */
function checkWritable(output: string): void {
  if (fs.existsSync(output) && fs.statSync(output).isDirectory())
    throw new UserError(`--output: must be a file, got the folder ${output}`);
  const folder = path.dirname(output);
  makeFolder(folder);
  fs.accessSync(folder, fs.constants.W_OK);
}
