import path from "node:path";
import type { Command } from "commander";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";
import { tableMarkdown } from "../../reporting/table-markdown.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { loadTuning } from "../../tuning/load-tuning.js";
import { objectiveNames } from "../../tuning/objectives.js";
import { tune } from "../../tuning/tune.js";
import { describeTuning, trialsTable } from "../../tuning/tuning-tables.js";
import { checkFlags, finiteNumber, seedList, wholeNumber } from "../flags.js";

interface TuneFlags {
  minutes?: string;
  trials?: string;
  workers: string;
  objective?: string;
  maxMb?: string;
  maxMs?: string;
  epochs?: string;
  search?: string;
  seeds?: string;
  name?: string;
  set?: string[];
  test: boolean;
  output: string;
}

/** `qdrl tune CONFIG`. */
export function addTuneCommand(program: Command): void {
  program
    .command("tune")
    .description(
      "search for better settings on validation queries, and compare the best with the configuration as given on test queries once",
    )
    .argument("<config>", "an experiment, or a tuning with ranges of its own, e.g. configs/tune/emoji.yaml")
    .option(
      "--minutes <n>",
      "of search, the look at the test queries not counted; the trials are the first of the same sequence",
    )
    .option("--trials <n>", "so many in all, those of earlier calls and the configuration as given counted")
    .option("-j, --workers <n>", "worker processes; the result does not depend on it", "2")
    .option("--objective <name>", `what is better: ${objectiveNames.join(", ")} (default: mixture)`)
    .option("--max-mb <n>", "model files beyond it cannot win")
    .option("--max-ms <n>", "queries estimated beyond it cannot win")
    .option("--epochs <n>", "of a trial that is never stopped (default: the configuration's)")
    .option("--search <name>", "random or tpe (default: tpe)")
    .option("--seeds <list>", "of the final runs, e.g. 101,102,103")
    .option("--set <key=value...>", "override a key of the configuration as given, and so of every trial")
    .option("--name <name>", "folder of the trials (default: tune- and the configuration's task and run ids)")
    .option("--no-test", "leave the test queries alone")
    .option("-o, --output <dir>", "folder for the table", "reports/tables")
    .action(async (file: string, flags: TuneFlags) => {
      const { minutes, trials, workers, maxMb, maxMs, epochs, seeds } = checkFlags(flags, {
        minutes: finiteNumber.optional(),
        trials: wholeNumber(1, 100_000).optional(),
        workers: wholeNumber(1, 256),
        maxMb: finiteNumber.optional(),
        maxMs: finiteNumber.optional(),
        epochs: wholeNumber(1).optional(),
        seeds: seedList.optional(),
      });
      if ((minutes === undefined) === (trials === undefined))
        throw new UserError("tune: either --minutes or --trials must be given, got both or neither");
      const tuning = loadTuning(file, {
        ...(flags.name !== undefined && { name: flags.name }),
        ...(flags.set !== undefined && { overrides: flags.set }),
        ...(flags.objective !== undefined && { objective: flags.objective }),
        ...(flags.search !== undefined && { search: flags.search }),
        ...(maxMb !== undefined && { megabytes: maxMb }),
        ...(maxMs !== undefined && { queryMs: maxMs }),
        ...(epochs !== undefined && { epochs }),
        ...(seeds !== undefined && { finalSeeds: seeds }),
      });
      const listener = new TerminalListener();
      const result = await tune(tuning, {
        workers,
        listener,
        test: flags.test,
        ...(minutes === undefined ? { trials: trials! } : { minutes }),
      });
      listener.finish();
      const table = trialsTable(tuning, result);
      const stem = path.join(flags.output, `${tuning.config.task_id}-trials`);
      atomicWriteFile(`${stem}.md`, tableMarkdown(table));
      process.stdout.write(`${tableTerminal(table, tableLook())}\ntable: ${stem}.md\n\n`);
      for (const line of describeTuning(tuning, result)) process.stdout.write(`${line}\n`);
    });
}
