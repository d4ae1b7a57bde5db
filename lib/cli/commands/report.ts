import type { Command } from "commander";
import { writeReport } from "../../analysis/report-file.js";
import { writeTables } from "../../analysis/write-table.js";
import type { ResultsTable } from "../../reporting/results-table.js";
import { resultsTerminal } from "../../reporting/results-table-view.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { addEvidenceReport } from "./report-evidence.js";
import { addThesisReport } from "./report-thesis.js";

interface ReportFlags {
  output: string;
  baseline?: string;
  table?: string;
  live?: boolean;
}

/** `qdrl report [RUN...]`. */
export function addReportCommand(program: Command): void {
  const report = program
    .command("report")
    .enablePositionalOptions() // so that a subcommand's own --output is its own
    .description("one self-contained HTML page about some runs: table, curves, map, rankings")
    .argument("[runs...]", "run folders; default: all of reports/runs/tour")
    .option("-o, --output <file>", "page to write", "reports/index.html")
    .option(
      "--baseline <system>",
      "system that the others are compared with; default: BM25 if it is there, else the first",
    )
    .option("--table <file>", "also write its tables: .md, .csv, .tex or .html")
    .option("--live", "carry the systems in the page, to be searched; default: those that add up to 1 MB")
    .option("--no-live", "leave the search box out")
    .action(async (dirs: string[], options: ReportFlags) => {
      const listener = new TerminalListener();
      const results = await printReport(dirs, options, listener);
      if (options.table !== undefined) writeTables(options.table, results);
    });
  addThesisReport(report);
  addEvidenceReport(report);
}

/** Writes the page, prints its tables and says where the page is. */
export async function printReport(
  dirs: readonly string[],
  { output, baseline, live }: ReportFlags,
  listener: TerminalListener,
): Promise<ResultsTable[]> {
  const results = await writeReport(dirs, output, {
    ...(baseline === undefined ? {} : { baseline }),
    ...(live === undefined ? {} : { live }),
    listener,
  });
  listener.finish();
  for (const table of results) process.stdout.write(`\n${resultsTerminal(table, tableLook())}\n`);
  process.stdout.write(`\nreport: ${output}\n`);
  return results;
}
