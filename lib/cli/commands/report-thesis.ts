import { type Command, Option } from "commander";
import { z } from "zod";
import { TerminalListener } from "../../reporting/terminal.js";
import type { Size } from "../../studies/thesis/sweep-runs.js";
import { thesisReport } from "../../studies/thesis/thesis-report.js";
import { writeThesisReport } from "../../studies/thesis/write-report.js";
import { checkFlags, listOf, wholeNumber } from "../flags.js";

/** `qdrl report thesis`. */
export function addThesisReport(report: Command): void {
  report
    .command("thesis")
    .description(
      "every experiment of the thesis, trained where it is not there yet, beside the published numbers",
    )
    .addOption(
      new Option(
        "--size <size>",
        "full: train what is missing; found: small where it is; small: 300 emoji, one seed",
      )
        .choices(["full", "found", "small"])
        .default("full"),
    )
    .option("--datasets <list>", "emoji, msrd or both, with commas between; default: all that are there")
    .option("--dataset <folder>", "a data set of your own; without --datasets, it alone")
    .option("-j, --workers <n>", "worker processes", "2")
    .option("-o, --output <dir>", "folder to write", "reports/thesis")
    .action(
      async (options: {
        size: Size;
        datasets?: string;
        dataset?: string;
        workers: string;
        output: string;
      }) => {
        const { size, datasets, dataset, workers, output } = checkFlags(options, {
          datasets: listOf(z.string().min(1)).optional(),
          workers: wholeNumber(1, 256),
        });
        // a folder is told from a name by its slash
        const folders = dataset === undefined ? [] : [dataset.includes("/") ? dataset : `./${dataset}`];
        const asked = [...(datasets ?? []), ...folders];
        const listener = new TerminalListener();
        const report = await thesisReport({
          size,
          ...(asked.length > 0 && { datasets: asked }),
          workers,
          listener,
          folder: output,
        });
        await writeThesisReport(report, output, listener);
        listener.finish();
        process.stdout.write(
          `report: ${output}/index.html; tables in ${output}/tables, figures in ${output}/figures\n`,
        );
      },
    );
}
