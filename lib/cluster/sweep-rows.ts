import os from "node:os";
import type { Listener } from "../engine/progress.js";
import type { Objects } from "../files/objects/objects.js";
import { openObjects } from "../files/objects/open-objects.js";
import { PermanentError, permanentIfSo } from "../files/permanent-error.js";

import { openRun, type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import { train } from "../training/train.js";
import { copyAipOutputs } from "./aip-outputs.js";
import { holdsRow } from "./holds-row.js";
import { type AttemptResult, runAttempt } from "./run-attempt.js";
import { RunFiles } from "./run-files.js";
import { RunLog } from "./run-log.js";
import { type Attempt, RunQueue, type RunRequest } from "./run-queue.js";
import { pullData } from "./stored-data.js";
import { hashOfConfig, type PlannedRow, rowOf, type SweepPlan } from "./sweep-plan.js";

export interface RowOptions {
  /** Folder, s3:// or gs:// address that runs, their checkpoints and their data lie in; null: the run folder alone. */
  store: string | null;
  /** Forget what the store, or the run folder, has of the row, and start over. */
  fresh?: boolean;
  /** Threads of the training. Default: the processors that this process may use. */
  threads?: number;
  /** See {@link RunQueue}. */
  leaseMs?: number;
  /** Between two saves at least. */
  saveMs?: number;
  signal?: AbortSignal;
  listener: Listener;
}

/** Between two looks at a row that somebody else does. */
const POLL_MS = 1000;

/**
 * Runs or resumes one row of a plan, and returns once it is finished, whoever did it. Asked for again, it is found
 * finished; two that are asked for at once, also on two machines, do it once.
 *
 * @returns the run's folder on this machine; null if the signal came first
 * @throws PermanentError for what fails again however often it is tried
 */
export async function runRow(plan: SweepPlan, index: number, options: RowOptions): Promise<RunFolder | null> {
  try {
    const row = rowOf(plan, index);
    const run = await (options.store === null
      ? runHere(row, options)
      : runInStore(plan, row, options.store, options));
    if (run) await copyAipOutputs(run);
    return run;
  } catch (error) {
    throw permanentIfSo(error);
  }
}

/** The run folder is the only truth; its lock lets one process at a time work on it. */
async function runHere({ config }: PlannedRow, options: RowOptions): Promise<RunFolder | null> {
  const { threads = os.availableParallelism(), fresh = false, signal, listener } = options;
  const run = await train(config, { threads, fresh, listener, ...(signal && { signal }) });
  return signal?.aborted ? null : run;
}

async function runInStore(
  plan: SweepPlan,
  row: PlannedRow,
  store: string,
  options: RowOptions,
): Promise<RunFolder | null> {
  const { listener, signal, leaseMs, saveMs, threads = os.availableParallelism() } = options;
  const tell = (line: string) => listener.line?.(line);
  const objects = await openObjects(store);
  const queue = new RunQueue(objects, { ...(leaseMs !== undefined && { leaseMs }) });
  const files = new RunFiles(objects);
  const worker = `${os.hostname()}-${process.pid}`;
  if (options.fresh) await queue.remove(row.id);
  // the engine counts failures, and brings its own workers
  await enter(queue, row, store, { config: row.config, device: "engine", maxAttempts: null });
  for (let told = ""; !signal?.aborted; ) {
    const taken = await queue.take(row.id, worker);
    if (taken === "finished") {
      if (!holdsRow(row.config)) await files.restore(row.id, runFolderOf(row.config).dir);
      tell(`${row.id}: finished`);
      return openRun(runFolderOf(row.config).dir);
    }
    if (typeof taken === "string") {
      if (taken !== told)
        tell(
          `${row.id}: ${taken === "held" ? "another worker may be at it" : "failed a moment ago"}; waiting`,
        );
      told = taken;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      continue;
    }
    await attemptRow(plan, taken, worker, {
      queue,
      files,
      row,
      tell,
      threads,
      ...{ saveMs, signal, listener },
    });
  }
  return null;
}

interface RowWork {
  queue: RunQueue;
  files: RunFiles;
  row: PlannedRow;
  tell: (line: string) => void;
  threads: number;
  saveMs: number | undefined;
  signal: AbortSignal | undefined;
  listener: Listener;
}

/** One attempt at a row; afterwards it is finished, given up, or taken over by somebody else. @throws what it failed of */
async function attemptRow(plan: SweepPlan, attempt: Attempt, worker: string, work: RowWork): Promise<void> {
  const { queue, files, row, tell, threads, saveMs, signal, listener } = work;
  try {
    await pullData(plan.folders, queue.objects, tell);
  } catch (error) {
    const fault = permanentIfSo(error) as Error;
    await queue.end(attempt, { code: fault instanceof PermanentError ? 42 : 1, message: fault.message });
    throw fault;
  }
  const result: AttemptResult = await runAttempt(queue, attempt, row.config, {
    files,
    log: new RunLog(queue.objects, attempt, worker),
    threads,
    onLine: tell,
    ...(saveMs !== undefined && { saveMs }),
    ...(signal && { signal }),
    ...(listener.progress && { onProgress: (progress) => listener.progress?.(progress) }),
  });
  if (result.state === "lost" || result.state === "released" || result.end.code === 0) return;
  if (result.end.code === 42) throw new PermanentError(result.end.message);
  throw new Error(result.end.message);
}

/** Failures after which a queued row has failed for good. */
const MOST_FAILURES = 3;

/** Puts rows into a store's queue, for workers; those that are there already stay as they are. */
export async function enqueueRows(
  plan: SweepPlan,
  objects: Objects,
): Promise<{ added: number; there: number }> {
  const queue = new RunQueue(objects);
  let added = 0;
  for (const row of plan.rows) {
    const { config } = rowOf(plan, row.index);
    if (await enter(queue, row, objects.address, { config, device: "cpu", maxAttempts: MOST_FAILURES }))
      added++;
  }
  return { added, there: plan.rows.length - added };
}

/** Makes the row known to the queue. @throws UserError if the store holds another run under its name */
async function enter(queue: RunQueue, row: PlannedRow, store: string, request: RunRequest): Promise<boolean> {
  if (await queue.create(row.id, request)) return true;
  const stored = (await queue.get(row.id))?.request;
  const hash = stored && hashOfConfig(stored.config);
  if (hash !== row.hash)
    throw new PermanentError(
      `${row.id}: ${store} holds a run of another configuration, must have hash ${row.hash}, got ${hash}; choose another task_id or start over with --fresh`,
    );
  return false;
}

/** What is known of a plan's rows: those finished, here or fetched from the store, and the state of others. */
export interface MergedRows {
  runs: RunFolder[];
  missing: { row: PlannedRow; state: string }[];
}

/**
 * Gathers the finished runs of a plan, in its order, into this machine's run folders.
 *
 * @param store  null: run folders here alone
 */
export async function mergeRows(plan: SweepPlan, store: string | null): Promise<MergedRows> {
  const objects = store === null ? null : await openObjects(store);
  const queue = objects && new RunQueue(objects);
  const files = objects && new RunFiles(objects);
  const merged: MergedRows = { runs: [], missing: [] };
  for (const { index } of plan.rows) {
    const row = rowOf(plan, index);
    const run = runFolderOf(row.config);
    let state = holdsRow(row.config) ? "finished" : "not begun";
    if (state !== "finished" && queue && files) {
      const known = await queue.get(row.id);
      if (known?.state === "FINISHED" && hashOfConfig(known.request.config) === row.hash) {
        await files.restore(row.id, run.dir);
        state = holdsRow(row.config) ? "finished" : "not what this plan asks for";
      } else if (known) state = known.message === null ? "under way" : `failed; ${known.message}`;
    }
    if (state === "finished") merged.runs.push(openRun(run.dir));
    else merged.missing.push({ row, state });
  }
  return merged;
}
