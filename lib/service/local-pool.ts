import { type ChildProcess, fork } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { Attempt, RunQueue } from "../cluster/run-queue.js";
import { compiledFolder, moduleFile } from "../files/package-files.js";
import { LogFile } from "../tracking/log-file.js";
import type { Job } from "./job.js";
import type { JobEnd, JobOrder } from "./job-worker.js";
import { folderOfJob } from "./perform-job.js";

/** How often an idle slot looks for what others left, such as a server that was killed. */
const LOOK_MS = 2000;

/**
 * Processes on this machine that do what the queue holds, so many at a time. Each trains in a process of its own, which ends
 * when this one does; what was begun goes on from its last checkpoint, here or elsewhere.
 */
export class LocalPool {
  private readonly children = new Set<ChildProcess>();
  private readonly slots: Promise<void>[];
  private stopped = false;
  private wakers: (() => void)[] = [];

  constructor(
    private readonly queue: RunQueue,
    private readonly root: string,
    slots: number,
    private readonly tell: (line: string) => void,
  ) {
    const worker = `${os.hostname()}-${process.pid}`;
    this.slots = Array.from({ length: slots }, (_, slot) => this.work(`${worker}-${slot}`));
  }

  /** Looks at the queue now. */
  wake(): void {
    for (const wake of this.wakers.splice(0)) wake();
  }

  /** Ends what is under way; the next pool goes on with it. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const child of this.children) child.kill("SIGKILL");
    this.wake();
    await Promise.all(this.slots);
  }

  private async work(worker: string): Promise<void> {
    while (!this.stopped) {
      try {
        const attempt = await this.queue.claim(worker);
        if (attempt) await this.perform(attempt, worker);
        else await this.pause();
      } catch (error) {
        this.tell(`pool: ${(error as Error).message}`);
        await this.pause();
      }
    }
  }

  private async perform(attempt: Attempt, worker: string): Promise<void> {
    const { id, number, request } = attempt;
    const [experiment, name] = id.split("/") as [string, string];
    const place = { root: this.root, experiment, name };
    const child = startJobWorker();
    this.children.add(child);
    const log = new LogFile(folderOfJob(place).dir, { run: id, attempt: number, worker });
    createInterface({ input: child.stderr! }).on("line", (line) => log.write("line", line));
    let wish = "go on" as "go on" | "cancel" | "lost";
    const beats = setInterval(() => {
      void this.queue.beat(attempt).then(
        (answer) => {
          wish = answer;
          if (answer !== "go on") child.kill("SIGKILL");
        },
        (error: Error) => this.tell(`${id}: ${error.message}`),
      );
    }, this.queue.leaseMs / 6);
    const order: JobOrder = { job: request.config as Job, place, attempt: number, worker };
    child.send(order, () => {});
    const end = await ended(child);
    clearInterval(beats);
    this.children.delete(child);
    if (this.stopped && end.code !== 0) {
      log.write("line", "the service stops; the run goes on when it is back");
      await this.queue.release(attempt);
    } else if (wish !== "lost") {
      const state = await this.queue.end(attempt, end);
      if (end.code !== 0) log.write("error", wish === "cancel" ? "cancelled" : `${end.message} (${state})`);
    }
    log.close();
  }

  private pause(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      this.wakers.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function startJobWorker(): ChildProcess {
  const folder = compiledFolder();
  const loader = folder === null ? "tsx" : pathToFileURL(path.join(folder, "start.js")).href;
  return fork(moduleFile("lib/service/job-worker.ts"), {
    execArgv: ["--import", loader],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
}

/** What a worker said before it ended; code 1 if it was killed. */
function ended(child: ChildProcess): Promise<JobEnd> {
  let said: JobEnd | null = null;
  child.on("message", (message) => (said = message as JobEnd));
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      resolve(said ?? { code: 1, message: `the worker ended with ${signal ?? `code ${code}`}` });
    });
  });
}
