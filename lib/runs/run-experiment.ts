import { defaultListener, type Listener } from "../engine/progress.js";
import { formatConfig, parseConfig } from "../experiment/load-config.js";
import { loadSweep } from "../experiment/load-sweep.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { UserError } from "../files/user-error.js";
import { type AnyConfig, isEncoder, loadAnyConfig } from "../retrieval/retrievers/load-any-config.js";
import { systemOf } from "../retrieval/retrievers/systems.js";
import type { RunFolder } from "../tracking/run-folder.js";
import type { Callback } from "../training/callbacks/callback.js";
import { train } from "../training/train.js";
import { runSystem, runsOf } from "./run-system.js";

export interface RunOptions {
  /** Changes to the configuration, "key.path=value" each. */
  overrides?: readonly string[];
  /** Start over: remove the run folder first. */
  fresh?: boolean;
  listener?: Listener;
  /** Of an encoder's training: run after an epoch's evaluation and before its metrics are logged. */
  callbacks?: readonly Callback[];
}

/**
 * Runs one configuration file to its end: an encoder, or whichever system it names. A run that is
 * already finished is reused, so a notebook can ask for its runs again and again; while another process runs
 * it, this one waits.
 *
 * @param source  YAML file of an experiment, or an encoder's configuration as loadConfig returns it
 * @throws RangeError for what configuration or data break, one line each
 */
export async function runExperiment(
  source: string | ExperimentConfig,
  options: RunOptions = {},
): Promise<RunFolder> {
  const { overrides = [], listener = defaultListener(), ...rest } = options;
  const loaded: AnyConfig =
    typeof source === "string"
      ? loadAnyConfig(source, overrides)
      : { kind: "dense", config: parseConfig(formatConfig(source), "configuration", overrides) };
  return runLoaded(loaded, { ...rest, listener });
}

async function runLoaded(
  loaded: AnyConfig,
  options: { fresh?: boolean; listener: Listener; callbacks?: readonly Callback[] },
): Promise<RunFolder> {
  if (isEncoder(loaded)) return train(loaded.config, options);
  if (options.callbacks)
    throw new UserError(`callbacks: must be left out for a system of kind ${loaded.kind}, got some`);
  const system = systemOf(loaded.kind);
  const dirs: string[] = [];
  for (const run of runsOf(system, loaded.config)) dirs.push(await folderOf(run, options.listener));
  const { madeOf } = system;
  const made = madeOf === undefined ? {} : { [madeOf]: madeOf === "run" ? dirs[0] : dirs };
  return runSystem(system, { ...loaded.config, ...made }, options);
}

/** A run's folder as it is; a configuration file is run first. */
async function folderOf(run: string, listener: Listener): Promise<string> {
  return /\.ya?ml$/.test(run) ? (await runExperiment(run, { listener })).dir : run;
}

/** {@link runExperiment} of several files in turn, with the same options. */
export async function runExperiments(
  files: readonly string[],
  options: RunOptions = {},
): Promise<RunFolder[]> {
  const runs: RunFolder[] = [];
  for (const file of files) runs.push(await runExperiment(file, options));
  return runs;
}

export interface SweepRowsOptions {
  /** Names of the rows wanted; null = all. */
  rows?: readonly string[] | null;
  /** null = the sweep's own. */
  seeds?: readonly number[] | null;
  /** Changes to every configuration, "key.path=value" each. */
  overrides?: readonly string[];
  listener?: Listener;
}

/**
 * Runs of a sweep, one after the other in this process: {@link runExperiment} for each. `qdrl sweep` trains several at
 * a time; what it finished is reused.
 *
 * @returns in the sweep's order: seed by seed, row by row
 * @throws RangeError for a row that the sweep has not
 */
export async function runSweepRows(file: string, options: SweepRowsOptions = {}): Promise<RunFolder[]> {
  const { listener = defaultListener() } = options;
  const sweep = loadSweep(file, options.overrides, options.seeds ?? undefined);
  const rows = options.rows ?? sweep.rows;
  const unknown = rows.find((row) => !sweep.rows.includes(row));
  if (unknown !== undefined)
    throw new UserError(`unknown row "${unknown}" of ${file}; known: ${sweep.rows.join(", ")}`);
  const runs: RunFolder[] = [];
  for (const { row, config } of sweep.runs) {
    if (!rows.includes(row)) continue;
    runs.push(await train(config, { listener }));
  }
  return runs;
}

/** {@link runSweepRows} of several sweeps in turn, with the same options. */
export async function runSweeps(
  files: readonly string[],
  options: SweepRowsOptions = {},
): Promise<RunFolder[][]> {
  const all: RunFolder[][] = [];
  for (const file of files) all.push(await runSweepRows(file, options));
  return all;
}
