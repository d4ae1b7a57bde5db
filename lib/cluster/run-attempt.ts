import { once } from "node:events";
import type { Progress } from "../engine/progress.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { startTrainingProcess, type TrainingEnd, trainInProcess } from "../runs/training-process.js";
import { listCheckpoints } from "../tracking/checkpoint.js";
import { runFolderOf } from "../tracking/run-folder.js";
import type { RunFiles } from "./run-files.js";
import type { RunLog } from "./run-log.js";
import type { Attempt, RunQueue, RunState } from "./run-queue.js";

export interface AttemptOptions {
  /** Where run folders are kept between attempts; null: they lie where every worker sees them. */
  files: RunFiles | null;
  /** Where the log is forwarded to; null: nowhere. */
  log: RunLog | null;
  /** Threads of the training. Default 1; the numbers do not depend on it. */
  threads?: number;
  /** Between two saves of a run folder at least, if there is a new checkpoint. Default 30,000. */
  saveMs?: number;
  /** Gives the attempt up: what the last checkpoint holds is saved, and another worker may go on at once. */
  signal?: AbortSignal;
  /** What the training says, and what is done with it. */
  onLine?(line: string): void;
  onProgress?(progress: Progress): void;
}

/** Between two parts of a log. */
const FLUSH_MS = 1000;

/** How an attempt was left: the run's state then, or why it is not this worker's any more. */
export interface AttemptResult {
  state: RunState | "lost" | "released";
  end: TrainingEnd;
}

/**
 * Does one attempt at a run: its folder is put in place as the last attempt saved it, a process of its own trains, this one
 * shows signs of life and saves the folder by time. Training is resumable at any moment, so the process is killed when
 * the run was cancelled, taken over or the worker is told to stop.
 *
 * @param config  of the run, checked
 */
export async function runAttempt(
  queue: RunQueue,
  attempt: Attempt,
  config: ExperimentConfig,
  options: AttemptOptions,
): Promise<AttemptResult> {
  const { files, log, signal, threads = 1, saveMs = 30_000 } = options;
  const { dir, checkpoints } = runFolderOf(config);
  const say = (line: string) => {
    options.onLine?.(line);
    log?.add(line);
  };
  const heard = { verdict: "go on" as "go on" | "cancel" | "lost" };
  const worker = startTrainingProcess();
  const kill = () => void worker.kill("SIGKILL");
  let beating: Promise<unknown> = Promise.resolve();
  const beat = setInterval(() => {
    beating = queue
      .beat(attempt)
      .then((answer) => {
        if (heard.verdict !== "go on" || answer === "go on") return;
        heard.verdict = answer;
        kill();
      })
      .catch((error: Error) => say(`no sign of life could be given: ${error.message}`));
  }, queue.leaseMs / 4);
  const flusher = setInterval(() => log?.flush().catch(() => {}), FLUSH_MS); // what fails is tried again with the next
  let saved = "";
  let saving: Promise<unknown> = Promise.resolve();
  const saver = setInterval(() => {
    const [newest = ""] = listCheckpoints(checkpoints);
    if (files === null || newest === saved) return;
    saving = saving.then(async () => {
      const bytes = await files.save(attempt, dir, log);
      saved = newest;
      say(`${megabytes(bytes)} saved`);
    });
    saving = saving.catch((error: Error) => say(`not saved, the earlier state stands: ${error.message}`));
  }, saveMs);
  signal?.addEventListener("abort", kill);
  let end: TrainingEnd;
  try {
    if (signal?.aborted) kill();
    const restored = files === null ? 0 : await files.restore(attempt.id, dir);
    if (restored > 0) say(`attempt ${attempt.number}: ${restored} files restored`);
    end = await trainInProcess(worker, config, newsOf(say, options), threads);
  } catch (error) {
    end = { code: 1, message: (error as Error).message };
  } finally {
    clearInterval(saver);
    kill();
    if (worker.exitCode === null && worker.signalCode === null) await once(worker, "exit");
  }
  await saving;
  try {
    if (files && heard.verdict !== "lost") await files.save(attempt, dir, log);
  } catch (error) {
    end = { code: 1, message: `not saved: ${(error as Error).message}` };
  }
  clearInterval(beat);
  clearInterval(flusher);
  await beating;
  if (end.code !== 0) say(end.message);
  return { end, state: await close(queue, attempt, end, options) };
}

async function close(
  queue: RunQueue,
  attempt: Attempt,
  end: TrainingEnd,
  { files, log, signal }: AttemptOptions,
): Promise<AttemptResult["state"]> {
  await log?.flush();
  if (signal?.aborted && end.code === 1) {
    await queue.release(attempt);
    return "released";
  }
  const state = await queue.end(attempt, end);
  if (state === "FINISHED") await files?.removeEarlier(attempt);
  return state;
}

/** A line for each epoch beside what the training itself finds worth one. */
function newsOf(say: (line: string) => void, options: AttemptOptions) {
  let told = "";
  return {
    line: say,
    wait: say,
    progress: (progress: Progress) => {
      options.onProgress?.(progress);
      const { task, done, total, note } = progress;
      if (!task.startsWith("epoch ") || done < total || task === told) return;
      told = task;
      say(note === undefined ? task : `${task}: ${note}`);
    },
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
