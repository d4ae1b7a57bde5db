import { type Command, Option } from "commander";
import { writeReport } from "../../analysis/report-file.js";
import { measureName, type ReportFile, readReportFile } from "../../analysis/report-options.js";
import { writeTables } from "../../analysis/tables/write-table.js";
import { printPdf } from "../../reporting/print-pdf.js";
import { type ResultsTable, TESTS } from "../../reporting/results-table.js";
import { resultsTerminal } from "../../reporting/results-table-view.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { checkFlags, listOf } from "../flags.js";
import { addEvidenceReport } from "./report-evidence.js";
import { addThesisReport } from "./report-thesis.js";

interface ReportFlags extends ReportFile {
  pdf?: string;
}

interface TypedFlags extends Omit<ReportFlags, "measures" | "runs"> {
  measures?: string;
  config?: string;
  table?: string;
}

const OUTPUT = "reports/index.html";

/** `qdrl report [RUN...]`. */
export function addReportCommand(program: Command): void {
  const report = program
    .command("report")
    .enablePositionalOptions() // so that a subcommand's own --output is its own
    .description("one self-contained HTML page about some runs: table, curves, map, rankings")
    .argument("[runs...]", "run folders; default: all of reports/runs/tour")
    .option("-o, --output <file>", `page to write; default: ${OUTPUT}`)
    .option(
      "--baseline <system>",
      "system that the others are compared with; default: BM25 if it is there, else the first",
    )
    .option("--title <text>", "heading of the page")
    .option("--text <paragraph...>", "paragraphs under the answer: what the runs are about")
    .option("--measures <names>", "columns of the tables, with commas between; the first draws the figures")
    .addOption(
      new Option(
        "--test <name>",
        "of differences; automatic: randomisation for one seed, t over seeds and queries for several",
      ).choices([...TESTS]),
    )
    .option("--config <file>", "YAML with any of these and the runs; options win over it")
    .option("--pdf <file>", "also print the page to a PDF, where Chromium is there")
    .option("--table <file>", "also write its tables: .md, .csv, .tex or .html")
    .option("--live", "carry the systems in the page, to be searched; default: those that add up to 1 MB")
    .option("--no-live", "leave the search box out")
    .action(async (dirs: string[], { config, table, measures, ...typed }: TypedFlags) => {
      const file = config === undefined ? {} : readReportFile(config);
      const options =
        measures === undefined
          ? typed
          : checkFlags({ ...typed, measures }, { measures: listOf(measureName) });
      const listener = new TerminalListener();
      const given = dirs.length > 0 ? dirs : (file.runs ?? []);
      const results = await printReport(given, { ...file, ...options }, listener);
      if (table !== undefined) writeTables(table, results);
    });
  addThesisReport(report);
  addEvidenceReport(report);
}

/** Writes the page, prints its tables and says where the page is. */
export async function printReport(
  dirs: readonly string[],
  { output, pdf, runs: _, ...options }: ReportFlags,
  listener: TerminalListener,
): Promise<ResultsTable[]> {
  const results = await writeReport(dirs, output ?? OUTPUT, { ...options, listener });
  listener.finish();
  for (const table of results) process.stdout.write(`\n${resultsTerminal(table, tableLook())}\n`);
  process.stdout.write(`\nreport: ${output ?? OUTPUT}\n`);
  if (pdf !== undefined) process.stdout.write(`pdf: ${await printPdf(output ?? OUTPUT, pdf)}\n`);
  return results;
}
