import type { Command } from "commander";
import { printTrained } from "../../analysis/summary.js";
import { TerminalListener } from "../../reporting/terminal.js";
import { runExperiment } from "../../runs/run-experiment.js";

/** `qdrl train CONFIG`. */
export function addTrainCommand(program: Command): void {
  program
    .command("train")
    .description(
      "train an experiment (or index BM25, or fuse two runs) and evaluate it; goes on where it was stopped",
    )
    .argument("<config>", "YAML file, e.g. configs/emoji/baseline.yaml")
    .option("--set <key=value...>", "override a key, e.g. --set model.output_dim=64")
    .option("--seed <n>", "shorthand for --set seed=n")
    .option("--commit-hash <text>", "provenance; default: ask git")
    .option("--fresh", "remove the run folder and start over")
    .action(
      async (
        file: string,
        options: { set?: string[]; seed?: string; commitHash?: string; fresh?: boolean },
      ) => {
        const overrides = [...(options.set ?? [])];
        if (options.seed !== undefined) overrides.push(`seed=${options.seed}`);
        if (options.commitHash !== undefined) overrides.push(`commit_hash="${options.commitHash}"`);
        const listener = new TerminalListener();
        const run = await runExperiment(file, { overrides, listener, ...(options.fresh && { fresh: true }) });
        listener.finish();
        printTrained(run);
      },
    );
}
