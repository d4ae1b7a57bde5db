import fs from "node:fs";
import path from "node:path";
import { RunFiles } from "../cluster/run-files.js";
import { readRunLog } from "../cluster/run-log.js";
import type { RunQueue } from "../cluster/run-queue.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { logFileOf } from "../tracking/log-file.js";
import { RunFolder } from "../tracking/run-folder.js";
import { artifactsOf, MODEL_ARTIFACT, packRun } from "./pack-run.js";

/** Between two looks at the store. */
const LOOK_MS = 2000;

/**
 * Brings what workers elsewhere leave in a store into run folders here, where everything else of the service reads it: logs as they
 * grow, and the folder of a run that has finished.
 */
export class StoreFollower {
  /** Runs that need no more looks. */
  private readonly settled = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly queue: RunQueue,
    private readonly dirOf: (id: string) => string,
    private readonly tell: (line: string) => void,
  ) {
    this.next();
  }

  async stop(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    await this.looking;
  }

  private next(): void {
    this.timer = setTimeout(() => {
      this.looking = this.look()
        .catch((error: Error) => this.tell(`store: ${error.message}`))
        .then(() => {
          if (this.timer) this.next();
        });
    }, LOOK_MS);
  }

  private async look(): Promise<void> {
    for (const id of await this.queue.ids()) {
      if (this.settled.has(id)) continue;
      const state = (await this.queue.get(id))?.state;
      if (state === undefined || state === "CREATED") continue;
      if (state === "FINISHED") await this.fetch(id);
      // after the folder, which is put in place as a whole
      await this.fetchLog(id);
      if (state === "FINISHED" || state === "FAILED") this.settled.add(id);
    }
  }

  private async fetch(id: string): Promise<void> {
    const run = new RunFolder(this.dirOf(id));
    const manifest = path.join(run.dir, "manifest.json");
    if (!fs.existsSync(manifest) || run.manifest().status !== "finished") {
      // nothing but the log of what is going on elsewhere
      if (!fs.existsSync(manifest)) fs.rmSync(run.dir, { recursive: true, force: true });
      await new RunFiles(this.queue.objects).restore(id, run.dir);
    }
    if (!isFetched(run.dir)) await packRun(run, { line: (line) => this.tell(`${id}: ${line}`) });
  }

  /** Lines are only ever added, so that byte offsets of those that are here stay right. */
  private async fetchLog(id: string): Promise<void> {
    const lines = await readRunLog(this.queue.objects, id);
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const file = logFileOf(this.dirOf(id));
    const here = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (Buffer.byteLength(text) > here) atomicWriteFile(file, text);
  }
}

/** Whether all of a finished run is here: it is packed last. */
export function isFetched(dir: string): boolean {
  return artifactsOf(dir).get(MODEL_ARTIFACT) !== null;
}
