import type { Command } from "commander";
import { compareTwoRuns } from "../../analysis/comparison.js";
import { writeTables } from "../../analysis/tables/write-table.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { comparePage } from "../../reporting/compare-page.js";
import { htmlPage } from "../../reporting/html-page.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { tableLook } from "../../reporting/terminal.js";
import { winLoss, winLossTable } from "../../reporting/win-loss.js";
import { openRun } from "../../tracking/run-folder.js";
import { checkFlags, probability } from "../flags.js";

/** `qdrl compare RUN_A RUN_B`. */
export function addCompareCommand(program: Command): void {
  program
    .command("compare")
    .description(
      "where is run A better than run B, where worse: a page with slices and the most changed queries",
    )
    .argument("<a>", "run folder in question")
    .argument("<b>", "run folder that it is compared with")
    .option("--set <name>", "evaluation set; default: the first")
    .option("--measure <name>", "per-query measure", "Recall@10")
    .option("--typo <p>", "probability of a typo per word, one that the runs were evaluated at", "0")
    .option("--table <file>", "also write the table of all measures: .md, .csv, .tex or .html")
    .option("-o, --output <file>", "page to write", "reports/compare.html")
    .action(
      async (
        a: string,
        b: string,
        options: { set?: string; measure: string; typo: string; table?: string; output: string },
      ) => {
        const { set, measure, typo, output } = checkFlags(options, { typo: probability });
        const comparison = await compareTwoRuns(openRun(a), openRun(b), {
          ...(set === undefined ? {} : { set }),
          measure,
          typo,
        });
        atomicWriteFile(output, htmlPage(comparePage(comparison)));
        if (options.table !== undefined) writeTables(options.table, [comparison.results]);
        const table = winLossTable(winLoss(comparison.queries), comparison);
        process.stdout.write(`${tableTerminal(table, tableLook())}\npage: ${output}\n`);
      },
    );
}
