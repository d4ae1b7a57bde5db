import type { Worker } from "node:worker_threads";
import { startWorker } from "../../engine/start-worker.js";

/** What a worker answers: an item done, or "idle" after the last. */
export type PoolReply = "item" | "idle";

/** Worker threads that search for one index, each by requests of its kind; they do not keep the process alive. */
export class SearchPool<Request> {
  private readonly workers: Worker[];

  /** @param script  answers every message, a request, by {@link PoolReply} */
  constructor(script: string, data: unknown, threads: number) {
    this.workers = Array.from({ length: threads }, () => startWorker(script, data));
  }

  /**
   * Runs one request on every worker to its end; one call at a time.
   *
   * @param onItem   called after each item
   */
  async run(requests: readonly Request[], onItem: () => void): Promise<void> {
    await Promise.all(
      this.workers.map(
        (worker, w) =>
          new Promise<void>((resolve, reject) => {
            const settle = (error?: Error): void => {
              worker.off("message", onMessage).off("error", settle).off("exit", onExit).unref();
              if (error) reject(error);
              else resolve();
            };
            const onMessage = (reply: PoolReply): void => {
              if (reply === "idle") settle();
              else onItem();
            };
            const onExit = (code: number): void =>
              settle(new Error(`SearchPool: a worker ended with code ${code}`));
            worker.ref();
            worker.on("message", onMessage).on("error", settle).on("exit", onExit);
            worker.postMessage(requests[w]!);
          }),
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

/** Ends the threads of an index that is dropped without being closed. */
const forgottenPools = new FinalizationRegistry<SearchPool<never>>((pool) => void pool.close());

/**
 * An index's pool, started when first needed. Threads that fail are ended, so that none works on in memory that is given back; the
 * next run starts new ones.
 */
export class KeptPool<Request> {
  private pool: SearchPool<Request> | null = null;

  /** @param owner  the index: once it is forgotten, its threads end */
  constructor(
    private readonly owner: object,
    private readonly start: () => SearchPool<Request>,
  ) {}

  /** As {@link SearchPool.run}. */
  async run(requests: readonly Request[], onItem: () => void): Promise<void> {
    if (this.pool === null) {
      this.pool = this.start();
      forgottenPools.register(this.owner, this.pool, this);
    }
    try {
      await this.pool.run(requests, onItem);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const { pool } = this;
    this.pool = null;
    forgottenPools.unregister(this);
    await pool?.close();
  }
}
