import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { defaultListener, type Listener, type Progress } from "../engine/progress.js";
import type { Sweep, SweepRun } from "../experiment/load-sweep.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { resolveTableSizes } from "../experiment/table-sizes.js";
import { compiledFolder, moduleFile } from "../files/package-files.js";
import { UserError } from "../files/user-error.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import { holdsFinishedRun } from "../training/claim-run.js";

export interface SweepOptions {
  /** Worker processes. Default 2. */
  workers?: number;
  listener?: Listener;
}

/** A run of a sweep that did not finish. */
export interface FailedRun {
  row: string;
  seed: number;
  message: string;
}

export interface SweepResult {
  /** Finished runs in the sweep's order: seed by seed, row by row. */
  runs: RunFolder[];
  /** In the sweep's order, whichever worker was first. */
  failed: FailedRun[];
  /** Runs trained now; the others were finished before. */
  trained: number;
  seconds: number;
}

/**
 * Trains every run of a sweep that is not finished, several at a time in processes of their own. A sweep that was
 * stopped goes on where it was: finished runs are read, the one under way goes on from its checkpoint. A run that
 * fails is reported and the others go on. Unless the sweep
 * says otherwise, no checkpoint of a finished run is kept: a longer run of the same row starts over.
 */
export async function runSweep(sweep: Sweep, options: SweepOptions = {}): Promise<SweepResult> {
  const { workers = 2, listener = defaultListener() } = options;
  if (!Number.isInteger(workers) || workers < 1)
    throw new UserError(`runSweep: workers must be a positive integer, got ${workers}`);
  const began = performance.now();
  const waiting = sweep.runs.filter((run) => !isFinished(run.config));
  const failed: FailedRun[] = [];
  const total = waiting.length;
  const shares = new Map<SweepRun, number>();
  let done = 0;
  const report = (note: string) => {
    let share = done;
    for (const part of shares.values()) share += part;
    listener.progress?.({
      task: sweep.config.task_id,
      done: Math.min(share, total),
      total,
      unit: "runs",
      note,
    });
  };
  if (sweep.runs.length > total)
    listener.line?.(
      `${sweep.config.task_id}: ${sweep.runs.length - total} of ${sweep.runs.length} runs are finished already`,
    );
  const queue = [...waiting];
  await Promise.all(
    Array.from({ length: Math.min(workers, queue.length) }, async () => {
      const worker = startSweepWorker();
      try {
        for (let run = queue.shift(); run; run = queue.shift()) {
          const current = run;
          const message = await trainIn(worker, current.config, {
            line: (line) => listener.line?.(line),
            progress: (progress) => {
              shares.set(current, shareOf(progress, current.config.num_epochs));
              report(`${current.row}, seed ${current.seed}`);
            },
          });
          shares.delete(current);
          done++;
          if (message !== null) {
            failed.push({ row: current.row, seed: current.seed, message });
            listener.line?.(`${current.row}, seed ${current.seed}: failed; ${message}`);
          }
          report(`${current.row}, seed ${current.seed}`);
        }
      } finally {
        worker.kill();
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const finished = sweep.runs.filter((run) => isFinished(run.config)).map((run) => runFolderOf(run.config));
  const position = ({ row, seed }: FailedRun) =>
    sweep.runs.findIndex((run) => run.row === row && run.seed === seed);
  failed.sort((a, b) => position(a) - position(b));
  return { runs: finished, failed, trained: total - failed.length, seconds };
}

/** Whether a folder holds this very run, finished. */
export function isFinished(config: ExperimentConfig): boolean {
  return holdsFinishedRun(runFolderOf(config), resolveTableSizes(config));
}

/** A process that trains the configurations that it is sent. */
export function startSweepWorker(): ChildProcess {
  const folder = compiledFolder();
  const loader = folder === null ? "tsx" : pathToFileURL(path.join(folder, "start.js")).href;
  return fork(moduleFile("lib/runs/sweep-worker.ts"), {
    execArgv: ["--import", loader],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

/** Has a worker train a configuration. Resolves with null, or with what went wrong. */
function trainIn(
  worker: ChildProcess,
  config: ExperimentConfig,
  listener: { line(line: string): void; progress(progress: Progress): void },
): Promise<string | null> {
  return new Promise((resolve) => {
    const end = (message: string | null) => {
      worker.off("message", read);
      worker.off("exit", gone);
      resolve(message);
    };
    const gone = (code: number | null, signal: string | null) =>
      end(`the worker ended with ${signal ?? `code ${code}`}`);
    const read = (message: { kind: string; progress: Progress; line: string; message: string }) => {
      if (message.kind === "progress") listener.progress(message.progress);
      else if (message.kind === "line") listener.line(message.line);
      else end(message.kind === "failed" ? message.message : null);
    };
    worker.on("message", read);
    worker.on("exit", gone);
    if (worker.exitCode !== null || worker.signalCode !== null) gone(worker.exitCode, worker.signalCode);
    else worker.send({ config });
  });
}

/** How much of a run is done, from the progress of its epoch ("epoch 2/5"). */
function shareOf(progress: Progress, epochs: number): number {
  const epoch = /^epoch (\d+)\//.exec(progress.task);
  if (!epoch) return 0.99;
  return (Number(epoch[1]) - 1 + progress.done / progress.total) / epochs;
}
