import type { Listener } from "../engine/progress.js";
import { type AnyConfig, loadAnyConfig } from "../experiment/load-config.js";
import { loadSweep } from "../experiment/load-sweep.js";
import { UserError } from "../files/user-error.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import { withFolderLock } from "../tracking/run-lock.js";
import { train } from "../training/train.js";
import { runBm25 } from "./run-bm25.js";
import { runFusion } from "./run-fusion.js";
import { runNeighbours } from "./run-neighbours.js";
import { isFinished } from "./run-sweep.js";

/**
 * Runs one configuration file to its end: an encoder, nearest training queries, BM25, or a fusion of runs. A run that is already finished is taken as it is, so a
 * notebook can ask for its runs again and again; while another process runs it, this one waits.
 *
 * @param file       YAML file of an experiment
 * @param overrides  "key.path=value" each
 * @param options.fresh  start over: remove the run folder first
 */
export async function runExperiment(
  file: string,
  overrides: readonly string[] = [],
  listener: Listener = {},
  options: { fresh?: boolean } = {},
): Promise<RunFolder> {
  const loaded = loadAnyConfig(file, overrides);
  const { dir } = runFolderOf(loaded.config);
  const work = (): Promise<RunFolder> => runLoaded(loaded, { ...options, listener });
  return withFolderLock(dir, work, (line) => listener.line?.(line));
}

async function runLoaded(
  loaded: AnyConfig,
  options: { fresh?: boolean; listener: Listener },
): Promise<RunFolder> {
  if (loaded.kind === "bm25") return runBm25(loaded.config, options);
  if (loaded.kind === "dense") return train(loaded.config, options);
  if (loaded.kind === "neighbours") {
    const run = await folderOf(loaded.config.run, options.listener);
    return runNeighbours({ ...loaded.config, run }, options);
  }
  const runs: string[] = [];
  for (const run of loaded.config.runs) runs.push(await folderOf(run, options.listener));
  return runFusion({ ...loaded.config, runs }, options);
}

/** A run's folder as it is; a configuration file is run first. */
async function folderOf(run: string, listener: Listener): Promise<string> {
  return /\.ya?ml$/.test(run) ? (await runExperiment(run, [], listener)).dir : run;
}

/** {@link runExperiment} of several files in turn, with the same overrides. */
export async function runExperiments(
  files: readonly string[],
  overrides: readonly string[] = [],
  listener: Listener = {},
): Promise<RunFolder[]> {
  const runs: RunFolder[] = [];
  for (const file of files) runs.push(await runExperiment(file, overrides, listener));
  return runs;
}

/**
 * Runs of a sweep, one after the other in this process: {@link runExperiment} for each. `qdrl sweep` trains several at
 * a time; what it finished is taken as it is.
 *
 * @param options.rows  names of the rows wanted, in the sweep's order; default: all
 * @throws RangeError for a row that the sweep has not
 */
export async function runSweepRows(
  file: string,
  options: { rows?: readonly string[]; seeds?: readonly number[]; overrides?: readonly string[] } = {},
  listener: Listener = {},
): Promise<RunFolder[]> {
  const sweep = loadSweep(file, options.overrides, options.seeds);
  const { rows = sweep.rows } = options;
  const unknown = rows.find((row) => !sweep.rows.includes(row));
  if (unknown !== undefined)
    throw new UserError(`unknown row "${unknown}" of ${file}; known: ${sweep.rows.join(", ")}`);
  const runs: RunFolder[] = [];
  for (const { row, config } of sweep.runs) {
    if (!rows.includes(row)) continue;
    const run = runFolderOf(config);
    const line = (text: string) => listener.line?.(text);
    // a sweep leaves no checkpoints, by which train would see that the run is finished
    const work = async () => (isFinished(config) ? run : train(config, { listener }));
    runs.push(await withFolderLock(run.dir, work, line));
  }
  return runs;
}

/** {@link runSweepRows} of several sweeps in turn, with the same options. */
export async function runSweeps(
  files: readonly string[],
  options: Parameters<typeof runSweepRows>[1] = {},
  listener: Listener = {},
): Promise<RunFolder[][]> {
  const all: RunFolder[][] = [];
  for (const file of files) all.push(await runSweepRows(file, options, listener));
  return all;
}
