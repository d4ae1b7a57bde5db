import fs from "node:fs";
import path from "node:path";
import { atomicCreateFile, atomicWriteFile, isTemporaryName } from "../atomic-write.js";
import { systemFault } from "../system-fault.js";
import type { ListedObject, Objects } from "./objects.js";

/** Objects as files of a folder, which several machines may share if its file system has hard links. */
export class FolderObjects implements Objects {
  readonly address: string;

  constructor(folder: string) {
    this.address = path.resolve(folder);
  }

  async create(key: string, body: string | Uint8Array): Promise<boolean> {
    return atomicCreateFile(this.fileOf(key), body);
  }

  async put(key: string, body: string | Uint8Array): Promise<void> {
    atomicWriteFile(this.fileOf(key), body);
  }

  async get(key: string): Promise<Uint8Array | null> {
    try {
      return fs.readFileSync(this.fileOf(key));
    } catch (error) {
      if (isAbsence(error)) return null;
      throw systemFault(error, this.fileOf(key));
    }
  }

  async list(prefix: string): Promise<ListedObject[]> {
    const found: ListedObject[] = [];
    this.collect(prefix, found);
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async remove(key: string): Promise<void> {
    fs.rmSync(this.fileOf(key), { force: true });
  }

  private fileOf(key: string): string {
    return path.join(this.address, ...key.split("/"));
  }

  /** What others remove meanwhile is left out. */
  private collect(prefix: string, found: ListedObject[]): void {
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(this.fileOf(prefix), { withFileTypes: true });
    } catch (error) {
      if (isAbsence(error)) return;
      throw systemFault(error, this.fileOf(prefix));
    }
    for (const entry of entries) {
      const key = `${prefix}${entry.name}`;
      if (entry.isDirectory()) this.collect(`${key}/`, found);
      else if (!isTemporaryName(entry.name)) {
        const stat = fs.statSync(this.fileOf(key), { bigint: true, throwIfNoEntry: false });
        if (stat) found.push({ key, tag: `${stat.mtimeNs}-${stat.ino}-${stat.size}` });
      }
    }
  }
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
