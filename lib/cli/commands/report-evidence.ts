import path from "node:path";
import { type Command, Option } from "commander";
import { writeTables } from "../../analysis/tables/write-table.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { htmlPage } from "../../reporting/html-page.js";
import { resultsTerminal } from "../../reporting/results-table-view.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { evidencePage } from "../../studies/evidence/evidence-page.js";
import { evidenceViews } from "../../studies/evidence/evidence-view.js";

/** `qdrl report evidence`. */
export function addEvidenceReport(report: Command): void {
  report
    .command("evidence")
    .description(
      "BM25 in its variants, dense and fused search on every data set that is there, with all tests",
    )
    .addOption(
      new Option("--size <size>", "full: train what is missing; small: 300 emoji, one seed")
        .choices(["full", "small"])
        .default("full"),
    )
    .option("-o, --output <dir>", "folder to write", "reports/evidence")
    .action(async (options: { size: "full" | "small"; output: string }) => {
      const { size, output } = options;
      const listener = new TerminalListener();
      const views = await evidenceViews({ size, listener });
      listener.finish();
      const tables = views.flatMap(({ main, all }) => [main, all]);
      atomicWriteFile(path.join(output, "index.html"), htmlPage(evidencePage(views)));
      for (const ending of ["md", "csv", "tex"]) writeTables(path.join(output, `tables.${ending}`), tables);
      for (const { main } of views) process.stdout.write(`\n${resultsTerminal(main, tableLook())}\n`);
      process.stdout.write(`\nreport: ${output}/index.html; tables beside it as .md, .csv and .tex\n`);
    });
}
