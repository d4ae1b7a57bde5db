import { formatConfig, parseConfig } from "../experiment/load-config.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { PermanentError, permanentIfSo } from "../files/permanent-error.js";
import { type AttemptOptions, type AttemptResult, runAttempt } from "./run-attempt.js";
import type { RunFiles } from "./run-files.js";
import { RunLog } from "./run-log.js";
import { type Attempt, NEVER_AGAIN, type RunQueue } from "./run-queue.js";
import { pullData } from "./stored-data.js";
import { foldersOf } from "./sweep-plan.js";

export interface WorkerOptions extends Pick<AttemptOptions, "threads" | "saveMs"> {
  /** What its claims and log lines call it. */
  name: string;
  /** Where run folders are kept between attempts; null: they lie where every worker sees them. */
  files: RunFiles | null;
  /** Kinds of machine that it may take runs for. Default cpu. */
  devices?: readonly string[];
  /** Between two looks for work when there was none. Default 1000. */
  pollMs?: number;
  /** Ends when there was nothing to do for so long. Default: never. */
  idleMs?: number;
  /** Ends, giving up what is under way so that others may go on with it. */
  signal?: AbortSignal;
  /** A line of an attempt; its log in the store has it too. */
  onLine?(attempt: Attempt, line: string): void;
  onEnd?(attempt: Attempt, result: AttemptResult): void;
}

/**
 * Does runs of a queue, one after the other, until it is told to stop or nothing is left to do. A store that cannot be reached
 * is asked again later.
 */
export async function work(queue: RunQueue, options: WorkerOptions): Promise<void> {
  const { name, files, signal, devices, pollMs = 1000, idleMs = Number.POSITIVE_INFINITY } = options;
  let lastMs = performance.now();
  while (!signal?.aborted && performance.now() - lastMs < idleMs) {
    const attempt = await queue.claim(name, devices).catch(() => null);
    if (attempt === null) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      continue;
    }
    options.onEnd?.(attempt, await workOn(queue, attempt, files, options));
    lastMs = performance.now();
  }
}

async function workOn(
  queue: RunQueue,
  attempt: Attempt,
  files: RunFiles | null,
  { name, onLine, ...rest }: WorkerOptions,
): Promise<AttemptResult> {
  const say = (line: string) => onLine?.(attempt, line);
  let config: ExperimentConfig;
  try {
    config = parseConfig(formatConfig(attempt.request.config), attempt.id);
    await pullData(foldersOf(config), queue.objects, say);
  } catch (error) {
    const fault = permanentIfSo(error) as Error;
    const end = { code: fault instanceof PermanentError ? NEVER_AGAIN : 1, message: fault.message } as const;
    say(end.message);
    return { end, state: await queue.end(attempt, end).catch(() => "lost" as const) };
  }
  const log = new RunLog(queue.objects, attempt, name);
  try {
    return await runAttempt(queue, attempt, config, { ...rest, files, log, onLine: say });
  } catch (error) {
    // the store is away: the lease runs out, and whoever reaches it goes on
    const end = { code: 1, message: (error as Error).message } as const;
    say(end.message);
    return { end, state: "lost" };
  }
}
