import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { withFolderLock } from "./folder-lock.js";

/**
 * Builds a folder beside its place and moves it there when it is complete, so that a builder that fails or is killed
 * leaves the old folder as it was. What a killed builder left behind is removed by the next one; of two at once, the
 * second waits.
 *
 * @param build fills the folder it is given
 */
export async function replaceFolder<T>(folder: string, build: (scratch: string) => Promise<T>): Promise<T> {
  return withFolderLock(folder, () => replaceAlone(folder, build));
}

async function replaceAlone<T>(folder: string, build: (scratch: string) => Promise<T>): Promise<T> {
  const parent = path.dirname(path.resolve(folder));
  const prefix = `.${path.basename(folder)}.building-`;
  for (const name of readdirSync(parent))
    if (name.startsWith(prefix)) rmSync(path.join(parent, name), { recursive: true, force: true });
  const scratch = path.join(parent, `${prefix}${randomBytes(4).toString("hex")}`);
  mkdirSync(scratch);
  try {
    const result = await build(scratch);
    const old = `${scratch}.old`;
    try {
      renameSync(folder, old);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    renameSync(scratch, folder);
    rmSync(old, { recursive: true, force: true });
    return result;
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    throw error;
  }
}
