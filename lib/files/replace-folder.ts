import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { makeFolder } from "./make-folder.js";

/**
 * Builds a folder beside its place and moves it there when it is complete, so that a builder that fails or is killed
 * leaves the old folder as it was. What a killed builder left behind is removed by the next one.
 *
 * @param build fills the folder it is given
 */
export async function replaceFolder<T>(folder: string, build: (scratch: string) => Promise<T>): Promise<T> {
  const parent = path.dirname(path.resolve(folder));
  const prefix = `.${path.basename(folder)}.building-`;
  makeFolder(parent);
  for (const name of readdirSync(parent))
    if (name.startsWith(prefix) && !isRunning(Number(name.slice(prefix.length).split("-")[0])))
      rmSync(path.join(parent, name), { recursive: true, force: true });
  const scratch = path.join(parent, `${prefix}${process.pid}-${randomBytes(4).toString("hex")}`);
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

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
