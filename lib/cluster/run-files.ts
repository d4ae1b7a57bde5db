import fs from "node:fs";
import type { Objects } from "../files/objects/objects.js";
import { RUN_MARKS } from "../tracking/run-folder.js";
import type { RunLog } from "./run-log.js";
import { type Attempt, attemptOf } from "./run-queue.js";
import { StoredFolder } from "./stored-folder.js";

/**
 * Run folders in a store. Every attempt has a snapshot of its own and touches no other's contents, so an attempt that
 * does not know yet that it was taken over can spoil nothing; the latest attempt that saved anything is what counts.
 */
export class RunFiles {
  private readonly saving = new Map<string, StoredFolder>();

  constructor(private readonly objects: Objects) {}

  /**
   * Saves a run folder as it is now, whether it is being trained or done.
   *
   * @param log  what was said of the epochs that are saved is written before they count, or nobody would say it again
   * @returns bytes sent
   */
  async save(attempt: Attempt, folder: string, log: RunLog | null): Promise<number> {
    if (!fs.existsSync(folder)) return 0;
    const prefix = `${attemptOf(attempt.id, attempt.number)}/`;
    const stored = this.saving.get(prefix) ?? new StoredFolder(this.objects, prefix);
    this.saving.set(prefix, stored);
    return stored.save(folder, inOrder, async () => log?.flush());
  }

  /** Puts a run's latest saved state in place. @returns files restored; 0 if nothing was saved */
  async restore(id: string, folder: string): Promise<number> {
    const [latest] = await this.snapshots(id);
    return latest === undefined ? 0 : new StoredFolder(this.objects, latest).restore(folder, RUN_MARKS);
  }

  /** Removes what attempts before this one saved. */
  async removeEarlier({ id, number }: Attempt): Promise<void> {
    const own = `${attemptOf(id, number)}/`;
    for (const prefix of await this.snapshots(id))
      if (prefix < own) await new StoredFolder(this.objects, prefix).remove();
  }

  /** Attempts that saved anything, the latest first. */
  private async snapshots(id: string): Promise<string[]> {
    const listed = await this.objects.list(`runs/${id}/attempts/`);
    return listed
      .flatMap(({ key }) => (/^.+\/snapshot$/.test(key) ? [key.slice(0, -"snapshot".length)] : []))
      .sort()
      .reverse();
  }
}

/**
 * Files of a run in an order in which they can be read while it trains: the manifest, whose "finished" is written after all
 * else, then checkpoints, which name how much of the metrics they follow, then the rest.
 */
function inOrder(a: string, b: string): number {
  return rankOf(a) - rankOf(b);
}

function rankOf(file: string): number {
  if (file === "manifest.json") return 0;
  return file.startsWith("checkpoints/") ? 1 : 2;
}
