import { defaultListener, type Listener, type Progress } from "../engine/progress.js";
import type { Sweep, SweepRun } from "../experiment/load-sweep.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { resolveTableSizes } from "../experiment/table-sizes.js";
import { UserError } from "../files/user-error.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import { holdsFinishedRun } from "../training/claim-run.js";
import { startTrainingProcess, trainInProcess } from "./training-process.js";

export interface SweepOptions {
  /** Worker processes. Default 2. */
  workers?: number;
  /** Stops the sweep: runs under way end at once, and go on from their checkpoints another time. */
  signal?: AbortSignal;
  listener?: Listener;
}

/** What of a sweep is needed to train its runs. */
export type SweepToRun = Pick<Sweep, "runs"> & { config: Pick<Sweep["config"], "task_id"> };

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
export async function runSweep(sweep: SweepToRun, options: SweepOptions = {}): Promise<SweepResult> {
  const { workers = 2, listener = defaultListener(), signal } = options;
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
      const worker = startTrainingProcess();
      const end = () => void worker.kill();
      signal?.addEventListener("abort", end);
      try {
        for (let run = queue.shift(); run && !signal?.aborted; run = queue.shift()) {
          const current = run;
          const { code, message } = await trainInProcess(worker, current.config, {
            wait: (line) => listener.line?.(line),
            progress: (progress) => {
              shares.set(current, shareOf(progress, current.config.num_epochs));
              report(`${current.row}, seed ${current.seed}`);
            },
          });
          shares.delete(current);
          if (signal?.aborted && !isFinished(current.config)) break;
          done++;
          if (code !== 0) {
            failed.push({ row: current.row, seed: current.seed, message });
            listener.line?.(`${current.row}, seed ${current.seed}: failed; ${message}`);
          }
          report(`${current.row}, seed ${current.seed}`);
        }
      } finally {
        signal?.removeEventListener("abort", end);
        worker.kill();
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const finished = sweep.runs.filter((run) => isFinished(run.config)).map((run) => runFolderOf(run.config));
  const position = ({ row, seed }: FailedRun) =>
    sweep.runs.findIndex((run) => run.row === row && run.seed === seed);
  failed.sort((a, b) => position(a) - position(b));
  return { runs: finished, failed, trained: done - failed.length, seconds };
}

/** Whether a folder holds this very run, finished. */
export function isFinished(config: ExperimentConfig): boolean {
  return holdsFinishedRun(runFolderOf(config), resolveTableSizes(config));
}

/** How much of a run is done, from the progress of its epoch ("epoch 2/5"). */
function shareOf(progress: Progress, epochs: number): number {
  const epoch = /^epoch (\d+)\//.exec(progress.task);
  if (!epoch) return 0.99;
  return (Number(epoch[1]) - 1 + progress.done / progress.total) / epochs;
}
