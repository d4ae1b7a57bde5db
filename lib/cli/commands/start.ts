import type { Command } from "commander";
import { ensureDefaultDataset } from "../../datasets/prepare-dataset.js";
import { humanTime } from "../../reporting/human-numbers.js";
import { TerminalListener } from "../../reporting/terminal.js";
import { isEncoder, loadAnyConfig } from "../../retrieval/retrievers/load-any-config.js";
import { runExperiment } from "../../runs/run-experiment.js";
import { TOUR } from "../../runs/tour.js";
import { runAttached } from "../run-attached.js";
import { printReport } from "./report.js";

const REPORT = "reports/index.html";

/** `qdrl start`: everything a newcomer sees first. */
export function addStartCommand(program: Command): void {
  program
    .command("start")
    .description("build the emoji data set, train four encoders, compare them with BM25, write the report")
    .option("--no-notebook", "leave the showcase notebook out")
    .action(async (options: { notebook: boolean }) => {
      const began = performance.now();
      const listener = new TerminalListener();
      const heading = (text: string) => listener.line(`\n— ${text}`);
      heading("data");
      await ensureDefaultDataset(listener);
      const dirs: string[] = [];
      for (const file of TOUR) {
        const loaded = loadAnyConfig(file);
        heading(`${file}: ${isEncoder(loaded) ? loaded.config.model.type : loaded.config.name}`);
        const run = await runExperiment(file, { listener });
        dirs.push(run.dir);
      }
      heading("report");
      await printReport(dirs, { output: REPORT, baseline: "BM25" }, listener);
      if (options.notebook) {
        heading("notebook");
        const status = await runAttached(["tools/notebooks.mjs", "notebooks/00-tour.ipynb"]);
        if (status !== 0)
          listener.line(
            "the showcase notebook did not run to its end (above); the report does not depend on it",
          );
      }
      process.stdout.write(
        `\nDone in ${humanTime((performance.now() - began) / 1000)}. Open ${REPORT} in a browser.\n`,
      );
      process.stdout.write(
        "Next: npm run notebook · npm run qdrl -- search reports/runs/tour/starter · npm run qdrl -- --help\n",
      );
    });
}
