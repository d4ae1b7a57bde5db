import fs from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { atomicWriteFile } from "../../engine/atomic-write.js";
import { makeFolder } from "../../engine/make-folder.js";
import type { ResultsTable } from "../../reporting/results-table.js";
import { resultsTerminal } from "../../reporting/results-table-view.js";
import { openRun } from "../../training/run-folder.js";
import { composeReport } from "../report-page.js";
import { evaluatedRuns } from "../run-list.js";
import { TerminalListener, tableLook } from "../terminal.js";
import { writeTables } from "../write-table.js";
import { addEvidenceReport } from "./report-evidence.js";
import { addThesisReport } from "./report-thesis.js";

/** `qdrl report [RUN...]`. */
export function addReportCommand(program: Command): void {
  const report = program
    .command("report")
    .enablePositionalOptions() // so that a subcommand's own --output is its own
    .description("one self-contained HTML page about some runs: table, curves, map, rankings")
    .argument("[runs...]", "run folders; default: all of reports/runs/tour")
    .option("-o, --output <file>", "page to write", "reports/index.html")
    .option("--baseline <system>", "system that the others are compared with", "BM25")
    .option("--table <file>", "also write its tables: .md, .csv, .tex or .html")
    .action(async (dirs: string[], options: { output: string; baseline: string; table?: string }) => {
      const listener = new TerminalListener();
      const results = await writeReport(dirs, options.output, options.baseline, listener);
      if (options.table !== undefined) writeTables(options.table, results);
    });
  addThesisReport(report);
  addEvidenceReport(report);
}

/** Finds out before minutes of work, not after, that a page cannot be written. */
function checkWritable(output: string): void {
  if (fs.existsSync(output) && fs.statSync(output).isDirectory())
    throw new RangeError(`--output: must be a file, got the folder ${output}`);
  const folder = path.dirname(output);
  makeFolder(folder);
  fs.accessSync(folder, fs.constants.W_OK);
}

/** Writes the page, prints its tables and says where the page is. */
export async function writeReport(
  dirs: readonly string[],
  output: string,
  baseline: string,
  listener: TerminalListener,
): Promise<ResultsTable[]> {
  checkWritable(output);
  const runs = dirs.length > 0 ? dirs.map(openRun) : evaluatedRuns("reports/runs/tour", listener);
  if (runs.length === 0)
    throw new RangeError(
      "report: reports/runs/tour must hold runs, got none; run npm start or qdrl train first",
    );
  const { html, results } = await composeReport(runs, { baseline, listener, folder: path.dirname(output) });
  atomicWriteFile(output, html);
  listener.finish();
  for (const table of results) process.stdout.write(`\n${resultsTerminal(table, tableLook())}\n`);
  process.stdout.write(`\nreport: ${output}\n`);
  return results;
}
