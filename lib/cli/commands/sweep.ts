import type { Command } from "commander";
import { printTrained } from "../../analysis/summary.js";
import { writeSweepTables } from "../../analysis/tables/sweep-tables.js";
import { pushData } from "../../cluster/stored-data.js";
import { loadPlan, type SweepPlan } from "../../cluster/sweep-plan.js";
import { enqueueRows, mergeRows, runRow } from "../../cluster/sweep-rows.js";
import { loadSweep, type Sweep } from "../../experiment/load-sweep.js";
import { openObjects } from "../../files/objects/open-objects.js";
import { permanentIfSo } from "../../files/permanent-error.js";
import { UserError } from "../../files/user-error.js";
import { humanTime } from "../../reporting/human-numbers.js";
import { resultsTerminal } from "../../reporting/results-table-view.js";
import { TerminalListener, tableLook } from "../../reporting/terminal.js";
import { runSweep } from "../../runs/run-sweep.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { ENDINGS, toldToEnd } from "../endings.js";
import { checkFlags, numberFrom, refuseUnused, seedList, wholeNumber } from "../flags.js";

interface SweepFlags {
  workers?: string;
  seeds?: string;
  set?: string[];
  output?: string;
  list?: boolean;
  row?: string;
  merge?: boolean;
  data?: boolean;
  queue?: boolean;
  store?: string;
  threads?: string;
  lease?: string;
  save?: string;
  fresh?: boolean;
}

/** `qdrl sweep FILE`. */
export function addSweepCommand(program: Command): void {
  program
    .command("sweep")
    .description(
      "train every row of a sweep with every seed, several at a time; goes on where it was stopped. With --row, one run for an engine that counts them: exit code 0 done, 42 never again, 130 or 143 interrupted, else again",
    )
    .argument(
      "<file>",
      "e.g. configs/sweeps/temperature.yaml; or a plan of qdrl submit, also at s3:// or gs://",
    )
    .option("-j, --workers <n>", "worker processes (default: 2)")
    .option("--seeds <list>", "instead of the file's, e.g. 1,2,3")
    .option("--set <key=value...>", "override a key in every run")
    .option("-o, --output <dir>", "folder for the tables (default: reports/tables)")
    .option("--list", "print the runs with their numbers and content hashes")
    .option("--row <n>", "run or resume this run alone, until it is finished, whoever does it")
    .option("--merge", "write the tables from finished run folders, training nothing")
    .option("--queue", "put the runs into the store's queue, for qdrl work on whichever machines")
    .option("--data", "send the data sets that rows read to the store, where it has none")
    .option(
      "--store <address>",
      "folder, s3:// or gs:// that machines share, for runs and data (or QDRL_STORE)",
    )
    .option("--threads <n>", "of --row (default: this machine's)")
    .option("--lease <seconds>", "of --row: silence after which its worker counts as gone (default: 20)")
    .option(
      "--save <seconds>",
      "of --row: between two saves to the store, where there is a new checkpoint (default: 30)",
    )
    .option("--fresh", "of --row and --data: start over, send again")
    .action(async (file: string, typed: SweepFlags) => {
      try {
        await sweep(file, typed);
      } catch (error) {
        throw typed.row === undefined ? error : permanentIfSo(error);
      }
    });
}

const MODES = ["list", "row", "merge", "data", "queue"] as const;

async function sweep(file: string, typed: SweepFlags): Promise<void> {
  const modes = MODES.filter((name) => typed[name] !== undefined);
  if (modes.length > 1)
    throw new UserError(
      `sweep: must have one of --list, --row, --merge, --data and --queue, got ${modes.map((name) => `--${name}`).join(" and ")}`,
    );
  const [mode] = modes;
  if (mode !== undefined) refuseUnused(typed, ["workers"], "when the runs are trained here");
  if (mode !== "row") refuseUnused(typed, ["threads", "lease", "save"], "with --row");
  if (mode !== "row" && mode !== "data") refuseUnused(typed, ["fresh"], "with --row or --data");
  if (mode !== undefined && mode !== "merge") refuseUnused(typed, ["output"], "for tables");
  if (mode === undefined || mode === "list")
    refuseUnused(typed, ["store"], "with --row, --merge, --data or --queue");
  const flags = checkFlags(typed, {
    workers: wholeNumber(1, 256).optional(),
    seeds: seedList.optional(),
    row: wholeNumber(0).optional(),
    threads: wholeNumber(1, 256).optional(),
    lease: numberFrom(1).optional(),
    save: numberFrom(0.1).optional(),
  });
  const { output = "reports/tables", set = [], seeds, store = process.env["QDRL_STORE"] ?? null } = flags;
  if (mode === undefined) return sweepHere(loadSweep(file, set, seeds), flags.workers ?? 2, output);
  const plan = await loadPlan(file, set, seeds);
  if (mode === "list") return printRows(plan);
  if (mode === "merge") return merge(plan, store, output);
  if (mode === "data") return sendData(plan, store, flags.fresh ?? false);
  if (mode === "queue") return enqueue(plan, store);
  return oneRow(plan, { ...flags, row: flags.row!, store });
}

async function sweepHere(sweep: Sweep, workers: number, output: string): Promise<void> {
  const listener = new TerminalListener();
  const result = await runSweep(sweep, { workers, listener });
  listener.finish();
  const { task_id: task, title } = sweep.config;
  printTables(result.runs, { task, title, baseline: sweep.baseline }, output);
  process.stdout.write(
    `${result.trained} runs trained in ${humanTime(result.seconds)}, ${result.runs.length} of ${sweep.runs.length} finished\n`,
  );
  const [first] = result.failed;
  if (first !== undefined)
    throw new UserError(
      `sweep: every run must finish, got ${result.failed.length} that failed (${first.row}, seed ${first.seed}: ${first.message})`,
    );
}

function printTables(
  runs: readonly RunFolder[],
  names: { task: string; title: string; baseline: string },
  output: string,
): void {
  for (const { table, stem } of writeSweepTables(runs, names, output))
    process.stdout.write(`${resultsTerminal(table, tableLook())}\ntable: ${stem}.md, .csv, .tex\n\n`);
}

/** Number, content hash, run and row, with tabs between, for people and scripts. */
function printRows({ rows }: SweepPlan): void {
  for (const { index, hash, id, row, seed } of rows)
    process.stdout.write(`${[index, hash, id, `${row}, seed ${seed}`].join("\t")}\n`);
}

async function merge(plan: SweepPlan, store: string | null, output: string): Promise<void> {
  const { runs, missing } = await mergeRows(plan, store);
  printTables(runs, plan, output);
  process.stdout.write(`${runs.length} of ${plan.rows.length} runs finished\n`);
  for (const { row, state } of missing)
    process.stdout.write(`row ${row.index} (${row.row}, seed ${row.seed}): ${state}\n`);
  if (missing.length > 0)
    throw new UserError(`sweep: every run must be finished, got ${missing.length} that are not`);
}

async function sendData(plan: SweepPlan, store: string | null, fresh: boolean): Promise<void> {
  if (store === null) throw new UserError("sweep: --data needs a store, by --store or QDRL_STORE, got none");
  await pushData(plan, await openObjects(store), fresh, (line) => process.stdout.write(`${line}\n`));
}

async function enqueue(plan: SweepPlan, store: string | null): Promise<void> {
  if (store === null) throw new UserError("sweep: --queue needs a store, by --store or QDRL_STORE, got none");
  const { added, there } = await enqueueRows(plan, await openObjects(store));
  process.stdout.write(`${added} runs queued in ${store}, ${there} were there already\n`);
}

interface RowFlags {
  row: number;
  store: string | null;
  threads?: number | undefined;
  lease?: number | undefined;
  save?: number | undefined;
  fresh?: boolean;
}

/** A signal gives the row up, so that the next try goes on from what was saved. */
async function oneRow(plan: SweepPlan, flags: RowFlags): Promise<void> {
  const listener = new TerminalListener();
  const control = new AbortController();
  const { row, store, threads, lease, save, fresh } = flags;
  const running = runRow(plan, row, {
    ...{ store, listener, signal: control.signal },
    ...(threads !== undefined && { threads }),
    ...(lease !== undefined && { leaseMs: lease * 1000 }),
    ...(save !== undefined && { saveMs: save * 1000 }),
    ...(fresh && { fresh }),
  });
  toldToEnd().then(async (signal) => {
    control.abort();
    await running.catch(() => {});
    process.exit(ENDINGS[signal]);
  });
  const run = await running;
  listener.finish();
  if (run === null)
    await new Promise(() => {}); // the exit code is the signal's
  else printTrained(run);
}
