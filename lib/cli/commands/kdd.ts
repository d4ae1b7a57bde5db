import type { Command } from "commander";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { resultsTerminal } from "../../reporting/results-table-view.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { kddTable } from "../../studies/kdd/kdd-table.js";
import { loadKddConfig } from "../../studies/kdd/load-kdd-config.js";
import { kddSteps, runKdd, runKddSeeds } from "../../studies/kdd/run-kdd.js";
import { checkFlags, listOf, seedList } from "../flags.js";

interface KddOptions {
  steps?: string;
  seeds?: string;
  matchingSeeds?: string;
  set?: string[];
}

/** `qdrl kdd CONFIG`. */
export function addKddCommand(program: Command): void {
  program
    .command("kdd")
    .description(
      "the KDD Cup 2020 multi-modal recall system: prepare, pre-train, two matching models, ensemble, submission",
    )
    .argument("<config>", "YAML file, e.g. configs/kdd/emoji.yaml")
    .option(
      "--steps <list>",
      `run some of ${kddSteps.join(",")}, finished or not (a training that was stopped goes on after its last epoch); default: all, but for those finished before`,
    )
    .option("--seeds <list>", "several seeds on the same task files, e.g. 1,2,3, in <work_dir>/seed-<n>")
    .option(
      "--matching-seeds <list>",
      "several seeds of the two matching models alone, on one pre-trained encoder, in <work_dir>/matching-<n>",
    )
    .option("--set <key=value...>", "override a key, e.g. --set model1.epochs=2")
    .action(async (file: string, options: KddOptions) => {
      const { steps, seeds, matchingSeeds } = checkFlags(options, {
        steps: listOf(z.enum(kddSteps)).optional(),
        seeds: seedList.optional(),
        matchingSeeds: seedList.optional(),
      });
      const config = loadKddConfig(file, options.set ?? []);
      const listener = new TerminalListener();
      const chosen = { listener, ...(steps === undefined ? {} : { steps }) };
      if (seeds !== undefined && matchingSeeds !== undefined)
        throw new UserError("--seeds and --matching-seeds: must not be given together, got both");
      const several = seeds ?? matchingSeeds;
      const reports =
        several === undefined
          ? [await runKdd(config, chosen)].flatMap((report) => report ?? [])
          : await runKddSeeds(config, several, { ...chosen, matchingOnly: seeds === undefined });
      listener.finish();
      if (reports.length === 0) return;
      const table = kddTable(reports, config.test_set);
      process.stdout.write(`${resultsTerminal(table, tableLook())}\n`);
    });
}
