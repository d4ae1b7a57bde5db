import path from "node:path";
import type { Command } from "commander";
import { evaluatedOn } from "../../analysis/compare-runs.js";
import { setTable } from "../../analysis/report-page.js";
import { loadSweep } from "../../experiment/load-sweep.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";
import { humanTime } from "../../reporting/human-numbers.js";
import {
  resultsCsv,
  resultsLatex,
  resultsMarkdown,
  resultsTerminal,
} from "../../reporting/results-table-view.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { runSweep } from "../../runs/run-sweep.js";
import { checkFlags, seedList, wholeNumber } from "../flags.js";

/** `qdrl sweep FILE`. */
export function addSweepCommand(program: Command): void {
  program
    .command("sweep")
    .description(
      "train every row of a sweep with every seed, several at a time; goes on where it was stopped",
    )
    .argument("<file>", "e.g. configs/sweeps/temperature.yaml")
    .option("-j, --workers <n>", "worker processes", "2")
    .option("--seeds <list>", "instead of the file's, e.g. 1,2,3")
    .option("--set <key=value...>", "override a key in every run")
    .option("-o, --output <dir>", "folder for the tables", "reports/tables")
    .action(
      async (file: string, options: { workers: string; seeds?: string; set?: string[]; output: string }) => {
        const { workers, seeds } = checkFlags(options, {
          workers: wholeNumber(1, 256),
          seeds: seedList.optional(),
        });
        const listener = new TerminalListener();
        const sweep = loadSweep(file, options.set ?? [], seeds);
        const result = await runSweep(sweep, { workers, listener });
        listener.finish();
        if (result.runs.length > 0) {
          for (const set of evaluatedOn(result.runs[0]!).sets) {
            const { typos } = evaluatedOn(result.runs[0]!);
            const table = setTable(result.runs, set, typos, sweep.baseline, `${sweep.config.title} (${set})`);
            const stem = path.join(options.output, `${sweep.config.task_id}-${set}`);
            atomicWriteFile(`${stem}.md`, resultsMarkdown(table));
            atomicWriteFile(`${stem}.csv`, resultsCsv(table));
            atomicWriteFile(`${stem}.tex`, resultsLatex(table));
            process.stdout.write(`${resultsTerminal(table, tableLook())}\ntable: ${stem}.md, .csv, .tex\n\n`);
          }
        }
        process.stdout.write(
          `${result.trained} runs trained in ${humanTime(result.seconds)}, ${result.runs.length} of ${sweep.runs.length} finished\n`,
        );
        if (result.failed.length > 0)
          throw new UserError(
            `sweep: every run must finish, got ${result.failed.length} that failed (${result.failed[0]!.row}, seed ${result.failed[0]!.seed}: ${result.failed[0]!.message})`,
          );
      },
    );
}
