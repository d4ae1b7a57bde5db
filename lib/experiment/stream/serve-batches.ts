import type { MessagePort } from "node:worker_threads";
import type { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { UserError } from "../../files/user-error.js";
import type { RowEncoder } from "./row-encoder.js";
import type { RowMisspelling } from "./row-misspelling.js";
import { type EpochTask, type WorkerReport, workerBatches } from "./worker-batches.js";

/** To the worker: begin an epoch with so many batches ahead, make one more, or drop the epoch. */
export type ToWorker =
  | { kind: "epoch"; run: number; task: EpochTask; credits: number }
  | { kind: "credit" }
  | { kind: "stop" };

/** From the worker; `run` tells answers to a dropped epoch apart. */
export type FromWorker =
  | { kind: "batch"; run: number; rows: number; flat: Int32Array }
  | { kind: "end"; run: number; report: WorkerReport }
  | { kind: "error"; run: number; message: string; fault: "data" | "user" | "bug" };

/**
 * Answers a BatchStream from its reader thread: batches while there are credits, then waits.
 *
 * @param port        the thread's parentPort
 * @param misspelling of the queries in epochs that ask for it; null where none does
 */
export function serveBatches(
  port: MessagePort,
  encoder: RowEncoder,
  misspelling: ((random: Random) => RowMisspelling) | null = null,
): void {
  let credits = 0;
  let wake: () => void = () => {};
  let current = -1;
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

  const runEpoch = async (task: EpochTask, run: number): Promise<void> => {
    try {
      const batches = workerBatches(task, encoder, misspelling);
      for (;;) {
        const next = await batches.next();
        if (run !== current) return;
        if (next.done) return post({ kind: "end", run, report: next.value });
        while (credits === 0 && run === current)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        if (run !== current) return;
        credits--;
        post({ kind: "batch", run, ...next.value }, [next.value.flat.buffer as ArrayBuffer]);
      }
    } catch (error) {
      const { message, stack } = error as Error;
      const fault = error instanceof DataError ? "data" : error instanceof UserError ? "user" : "bug";
      if (run === current)
        post({ kind: "error", run, message: fault === "bug" ? (stack ?? message) : message, fault });
    }
  };

  port.on("message", (message: ToWorker) => {
    if (message.kind === "credit") credits++;
    else if (message.kind === "stop") current = -1;
    else {
      current = message.run;
      credits = message.credits;
      void runEpoch(message.task, message.run);
    }
    wake();
  });
}
