import path from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import {
  catalogueRuns,
  diffSettings,
  filterRuns,
  resolveKey,
  settingsOf,
  sortRuns,
} from "../../analysis/run-catalogue.js";
import { runsPage } from "../../analysis/runs-page.js";
import { differencesTable, runsTable, usualColumns } from "../../analysis/runs-table.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";
import { tableCsv } from "../../reporting/table-csv.js";
import { tableTerminal } from "../../reporting/table-terminal.js";
import { tableLook } from "../../reporting/terminal.js";
import { dependentRuns, removableRuns, removeRuns } from "../../tracking/remove-run.js";
import { openRun } from "../../tracking/run-folder.js";
import { checkFlags, listOf, wholeNumber } from "../flags.js";

interface ListFlags {
  filter: string[];
  sort?: string;
  columns?: string;
  top?: string;
  output?: string;
}

/** `qdrl runs [list]|diff|delete`. */
export function addRunsCommands(program: Command): void {
  const runs = program.command("runs").description("list, filter, sort, compare and delete runs");
  runs
    .command("list", { isDefault: true })
    .description("runs below folders with what they are, what was set and how good they are")
    .argument("[dirs...]", "run folders or folders of runs", ["reports/runs"])
    .option(
      "-f, --filter <condition>",
      "a fact, setting or measure, one of = != < <= > >= ~ (contains), a value: Recall@10>=.5, seed=7; may be given again",
      (condition: string, before: string[]) => [...before, condition],
      [],
    )
    .option("-s, --sort <key>", "fact, setting or measure; -key: the largest first")
    .option("-c, --columns <list>", "facts, settings and measures to show, with commas between")
    .option("-n, --top <n>", "show so many")
    .option("-o, --output <file>", "also write the list: .csv, or a page with curves and settings: .html")
    .action((dirs: string[], flags: ListFlags) => {
      const { top, columns, filter, sort, output } = checkFlags(flags, {
        top: wholeNumber(1).optional(),
        columns: listOf(z.string().min(1)).optional(),
      });
      const page = output !== undefined && path.extname(output) === ".html";
      if (output !== undefined && !page && path.extname(output) !== ".csv")
        throw new UserError(`--output: must end with .csv or .html, got "${output}"`);
      const all = catalogueRuns(dirs);
      const keys = columns?.map((key) => resolveKey(all, key, "--columns")) ?? usualColumns(all);
      const passing = filterRuns(all, filter);
      const shown = (sort === undefined || passing.length === 0 ? passing : sortRuns(passing, sort)).slice(
        0,
        top,
      );
      const table = runsTable(shown, keys);
      if (output !== undefined) atomicWriteFile(output, page ? runsPage(shown) : tableCsv(table));
      if (shown.length > 0) process.stdout.write(`${tableTerminal(table, tableLook())}\n`);
      process.stdout.write(
        `${shown.length} of ${all.length} runs${output === undefined ? "" : `: ${output}`}\n`,
      );
    });
  runs
    .command("diff")
    .description("settings in which the resolved configurations of runs differ")
    .argument("<runs...>", "two run folders or more")
    .action((dirs: string[]) => {
      if (dirs.length < 2)
        throw new UserError(`runs diff: needs two run folders or more, got ${dirs.length}`);
      const settings = dirs.map((dir) => ({ settings: settingsOf(openRun(dir)) }));
      const differences = diffSettings(settings);
      process.stdout.write(
        differences.length === 0
          ? "no setting differs\n"
          : `${tableTerminal(differencesTable(dirs, differences), tableLook())}\n`,
      );
    });
  runs
    .command("delete")
    .description("remove runs with everything in their folders")
    .argument("<runs...>", "run folders")
    .option("--yes", "do it: without, it is only said what would go")
    .option("--running", "also runs whose state says that they are under way, as after a kill")
    .option("--parts", "also runs that others are made of, as a fusion is, and which answer no more then")
    .action((dirs: string[], flags: { yes?: boolean; running?: boolean; parts?: boolean }) => {
      const [dependent] = dependentRuns(dirs, "reports/runs");
      if (dependent !== undefined && !flags.parts)
        throw new UserError(
          `${dependent.madeOf}: must not be part of another run to be deleted, got ${dependent.dir}, which is made of it; --parts if it may go`,
        );
      const removable = removableRuns(dirs, { running: flags.running ?? false });
      for (const { dir, bytes } of removable)
        process.stdout.write(
          `${flags.yes ? "deleted" : "would delete"} ${dir}: ${(bytes / 2 ** 20).toFixed(1)} MiB\n`,
        );
      if (!flags.yes) throw new UserError("runs delete: must be confirmed with --yes, got no confirmation");
      removeRuns(removable);
    });
}
