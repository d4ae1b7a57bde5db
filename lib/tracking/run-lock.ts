import fs from "node:fs";
import path from "node:path";
import { makeFolder } from "../files/make-folder.js";

/**
 * Does work on a folder while no other process on this machine does, waiting for its turn: two notebooks that want the
 * same run train it once. The lock is a folder beside it, `<folder>.lock`; one left by a process that is gone is taken
 * over.
 *
 * @param onWait  called once if somebody else holds the lock, with a line to show
 */
export async function withFolderLock<T>(
  folder: string,
  work: () => Promise<T>,
  onWait: (line: string) => void = () => {},
): Promise<T> {
  const lock = `${folder}.lock`;
  const owner = path.join(lock, String(process.pid));
  makeFolder(path.dirname(lock));
  for (let waited = false; !tryLock(lock, owner); waited = true) {
    if (!waited) onWait(`${folder}: another process works on it; waiting`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => fs.rmSync(lock, { recursive: true, force: true });
  process.once("exit", release); // a process that is told to stop does not come to the end of its work
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}

/**
 * Takes the lock by a rename that only one of several can win: onto a folder that holds its owner's file, it fails. The
 * file of an owner that is gone is removed, no other, so a lock just taken over by somebody else stays his.
 */
function tryLock(lock: string, owner: string): boolean {
  const own = fs.mkdtempSync(`${lock}.`);
  fs.writeFileSync(path.join(own, path.basename(owner)), "");
  try {
    fs.renameSync(own, lock);
    return true;
  } catch {
    fs.rmSync(own, { recursive: true, force: true });
    for (const name of ownersOf(lock))
      if (!isAlive(Number(name))) fs.rmSync(path.join(lock, name), { force: true });
    return false;
  }
}

function ownersOf(lock: string): string[] {
  try {
    return fs.readdirSync(lock);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
