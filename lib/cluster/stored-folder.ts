import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { atomicWriteFile, isTemporaryName } from "../files/atomic-write.js";
import { type Objects, objectJson } from "../files/objects/objects.js";
import { emptyRecord } from "../files/own-entry.js";
import { replaceFolder } from "../files/replace-folder.js";
import { namingFile } from "../files/system-fault.js";

/** What a folder held when it was saved: path below it → SHA-256 of its contents. */
type Snapshot = Record<string, string>;

/** Tries of reading a snapshot that its writer replaces meanwhile. */
const TRIES = 5;

/**
 * A folder kept in a store, below a prefix of its own: contents under their hash, each written whole and once, and one
 * object `snapshot` that names them and makes them count. Killed in between, the earlier snapshot stands. Contents that
 * no snapshot names any more are removed.
 *
 * One writer at a time for a prefix; readers may come at any moment.
 */
export class StoredFolder {
  private readonly uploaded = new Set<string>();

  constructor(
    private readonly objects: Objects,
    /** ends in a slash */
    private readonly prefix: string,
  ) {}

  /**
   * Saves what a folder holds now. Of files that change meanwhile, those that are put in place by a rename or only grow
   * are saved as some whole state of theirs.
   *
   * @param first   of two files, which is to be read first; those it does not order are read by name
   * @param before  what must be done when all has been sent, before it counts
   * @returns bytes sent
   * @throws SystemFault if a file goes away meanwhile: the earlier snapshot stands
   */
  async save(
    folder: string,
    first: (a: string, b: string) => number = () => 0,
    before: () => Promise<void> = async () => {},
  ): Promise<number> {
    const snapshot: Snapshot = emptyRecord();
    let sent = 0;
    for (const file of filesOf(folder).sort(first)) {
      const whole = path.join(folder, file);
      const bytes = namingFile(whole, () => fs.readFileSync(whole));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      snapshot[file] = sha256;
      if (this.uploaded.has(sha256)) continue;
      await this.objects.put(this.keyOf(sha256), bytes);
      this.uploaded.add(sha256);
      sent += bytes.length;
    }
    await before();
    await this.objects.put(`${this.prefix}snapshot`, JSON.stringify(snapshot));
    await this.clear(snapshot);
    return sent;
  }

  /** Whether a snapshot is there. */
  async isThere(): Promise<boolean> {
    return (await this.objects.get(`${this.prefix}snapshot`)) !== null;
  }

  /**
   * Puts the folder in place as it was saved, whole or not at all.
   *
   * @param marks  names of which an old folder in its place must hold one
   * @returns files restored; 0 if nothing was ever saved
   * @throws Error if what was saved is not there whole
   */
  async restore(folder: string, marks: readonly string[]): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const snapshot = await objectJson<Snapshot>(this.objects, `${this.prefix}snapshot`);
      if (snapshot === null) return 0;
      try {
        return await replaceFolder(folder, (scratch) => this.fetchInto(scratch, snapshot), marks);
      } catch (error) {
        if (!(error instanceof MissingContents) || attempt === TRIES) throw error;
      }
    }
  }

  /** Removes all of it. */
  async remove(): Promise<void> {
    await this.objects.remove(`${this.prefix}snapshot`);
    await this.clear({});
  }

  private async fetchInto(scratch: string, snapshot: Snapshot): Promise<number> {
    for (const [file, sha256] of Object.entries(snapshot)) {
      const bytes = await this.objects.get(this.keyOf(sha256));
      if (bytes === null || createHash("sha256").update(bytes).digest("hex") !== sha256)
        throw new MissingContents(
          `${this.objects.address}: ${this.prefix}${file} must have SHA-256 ${sha256.slice(0, 12)}…, got ${bytes === null ? "nothing" : "other contents"}`,
        );
      atomicWriteFile(path.join(scratch, file), bytes);
    }
    return Object.keys(snapshot).length;
  }

  /** Removes contents that a snapshot does not name. */
  private async clear(snapshot: Snapshot): Promise<void> {
    const named = new Set(Object.values(snapshot));
    for (const { key } of await this.objects.list(`${this.prefix}files/`)) {
      const sha256 = key.slice(key.lastIndexOf("/") + 1);
      if (named.has(sha256)) continue;
      this.uploaded.delete(sha256);
      await this.objects.remove(key);
    }
  }

  private keyOf(sha256: string): string {
    return `${this.prefix}files/${sha256}`;
  }
}

class MissingContents extends Error {
  override readonly name = "MissingContents";
}

/** Files below a folder by name, with slashes; nothing half-written and no locks. */
function filesOf(folder: string): string[] {
  return (fs.readdirSync(folder, { recursive: true, withFileTypes: true }) as fs.Dirent[])
    .filter((entry) => entry.isFile() && !isTemporaryName(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
    .sort();
}
