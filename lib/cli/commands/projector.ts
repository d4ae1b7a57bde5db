import path from "node:path";
import type { Command } from "commander";
import { exportProjector } from "../../analysis/export-projector.js";
import { TerminalListener } from "../../reporting/terminal.js";
import { openRun } from "../../tracking/run-folder.js";
import { checkFlags, wholeNumber } from "../flags.js";

/** `qdrl projector RUN`. */
export function addProjectorCommand(program: Command): void {
  program
    .command("projector")
    .description(
      "write a run's document embeddings for TensorBoard's projector, with pictures where there are any",
    )
    .argument("<run>", "run folder")
    .option("--documents <n>", "documents drawn at random, at most", "10000")
    .option("--queries <n>", "queries drawn at random", "0")
    .option("--category <column>", "document column shown as the points' category", "document_category_id")
    .option("-o, --output <dir>", "default: <run>/tensorboard/embeddings")
    .action(
      async (
        dir: string,
        options: { documents: string; queries: string; category: string; output?: string },
      ) => {
        const { documents, queries } = checkFlags(options, {
          documents: wholeNumber(1),
          queries: wholeNumber(0),
        });
        const listener = new TerminalListener();
        const output = options.output ?? path.join(openRun(dir).tensorboard, "embeddings");
        const count = await exportProjector(dir, output, {
          documents,
          queries,
          category: options.category,
        });
        listener.finish();
        process.stdout.write(
          `${count} points: ${output}\nlook at them with: tensorboard --logdir ${path.dirname(output)}\n`,
        );
      },
    );
}
