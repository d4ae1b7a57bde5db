import { defaultListener, type Listener } from "../../engine/progress.js";
import { loadSweep, type Sweep } from "../../experiment/load-sweep.js";
import { UserError } from "../../files/user-error.js";
import { isFinished, runSweep } from "../../runs/run-sweep.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import {
  ensureThesisDataset,
  folderDataset,
  smallDataset,
  type ThesisDataset,
  thesisDatasets,
} from "./datasets.js";
import { type ExperimentKey, thesisExperiments } from "./experiments.js";

/**
 * "full": every run of the sweep, trained if need be. "small": one seed on 300 emoji, in seconds. "found": the full runs
 * where all of them are finished, else the small version.
 */
export type Size = "full" | "small" | "found";

/** The finished runs of an experiment on one data set. */
export interface SweepRuns {
  dataset: ThesisDataset;
  runs: RunFolder[];
  /** Rows in the sweep's order. */
  rows: string[];
  baseline: string;
}

/**
 * The runs of an experiment on every data set at hand, or on those that are named: by name, or by folder (with a slash). Two processes that ask for the same train it once.
 *
 * @throws UserError for an unknown data set, or if a run fails
 */
export async function sweepRuns(
  key: ExperimentKey,
  options: { size: Size; datasets?: readonly string[]; workers?: number; listener?: Listener },
): Promise<SweepRuns[]> {
  const { size, workers = 2, listener = defaultListener() } = options;
  const own = (options.datasets ?? []).filter((name) => name.includes("/")).map(folderDataset);
  const named = options.datasets?.filter((name) => !name.includes("/"));
  const known = thesisDatasets.map(({ name }) => name);
  const unknown = named?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UserError(
      `datasets: must be of ${known.join(", ")}, or a folder with a slash, got "${unknown}"`,
    );
  if (size === "small" && own.length > 0) {
    const short = own.map((dataset) => ({ ...dataset, overrides: [...dataset.overrides, "num_epochs=2"] }));
    const runs: SweepRuns[] = [];
    for (const dataset of short)
      runs.push(await finish(datasetSweep(key, dataset, [1]), dataset, workers, listener));
    return runs;
  }
  const wanted = [...thesisDatasets.filter(({ name }) => named?.includes(name) ?? true), ...own];
  const found: SweepRuns[] = [];
  for (const dataset of size === "small" ? [] : wanted) {
    if (!own.includes(dataset) && !(await ensureThesisDataset(dataset, listener))) continue;
    const sweep = datasetSweep(key, dataset);
    if (size === "found" && !sweep.runs.every((run) => isFinished(run.config))) continue;
    found.push(await finish(sweep, dataset, workers, listener));
  }
  if (found.length > 0) return found;
  if (size === "found")
    listener.line?.(
      `${key}: the full runs are not there; the small version stands in (npm run qdrl -- report thesis trains all)`,
    );
  if (own.length > 0)
    throw new UserError(
      `${key}: the runs on ${own[0]!.dir} must be finished to be found, got some that are not; size full trains them`,
    );
  await ensureThesisDataset(smallDataset, listener);
  return [await finish(datasetSweep(key, smallDataset, [1]), smallDataset, workers, listener)];
}

/** An experiment's sweep with a data set's own changes; emoji, its own data set, keep its task folder. */
function datasetSweep(key: ExperimentKey, dataset: ThesisDataset, seeds?: readonly number[]): Sweep {
  const file = thesisExperiments[key].sweep;
  const { task_id } = loadSweep(file).config;
  const task = dataset.name === "emoji" ? [] : [`task_id=${task_id}-${dataset.name}`];
  return loadSweep(file, [...task, ...dataset.overrides], seeds);
}

async function finish(
  sweep: Sweep,
  dataset: ThesisDataset,
  workers: number,
  listener: Listener,
): Promise<SweepRuns> {
  const { task_id } = sweep.runs[0]!.config;
  const { runs, failed } = await runSweep(sweep, { workers, listener });
  const [first] = failed;
  if (first !== undefined)
    throw new UserError(
      `${task_id}: every run must finish, got ${failed.length} that failed (${first.row}, seed ${first.seed}: ${first.message})`,
    );
  return { dataset, runs, rows: sweep.rows, baseline: sweep.baseline };
}
