import type { Worker } from "node:worker_threads";
import { startWorker } from "../../engine/start-worker.js";
import type { ScanTask, Shard } from "./scan-task.js";
import type { ScanReply, ScanRequest, ScanWorkerData } from "./scan-worker.js";
import { searchModule } from "./search-kernel.js";

/** Worker threads that scan the shards of one index; they do not keep the process alive. */
export class ScanPool {
  private readonly workers: Worker[];

  constructor(shards: Shard[], threads: number) {
    const data: ScanWorkerData = { module: searchModule().module, shards };
    this.workers = Array.from({ length: threads }, () =>
      startWorker("lib/retrieval/indexes/scan-worker.ts", data),
    );
  }

  /**
   * Runs a task to its end; one task at a time.
   *
   * @param scratch  per worker, per shard: the address of its region
   * @param onItem   called after each item
   */
  async run(task: ScanTask, scratch: number[][], onItem: () => void): Promise<void> {
    await Promise.all(
      this.workers.map(
        (worker, w) =>
          new Promise<void>((resolve, reject) => {
            const settle = (error?: Error): void => {
              worker.off("message", onMessage).off("error", settle).off("exit", onExit).unref();
              if (error) reject(error);
              else resolve();
            };
            const onMessage = (reply: ScanReply): void => {
              if (reply === "idle") settle();
              else onItem();
            };
            const onExit = (code: number): void =>
              settle(new Error(`ScanPool: a worker ended with code ${code}`));
            worker.ref();
            worker.on("message", onMessage).on("error", settle).on("exit", onExit);
            worker.postMessage({ task, scratch: scratch[w]! } satisfies ScanRequest);
          }),
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
