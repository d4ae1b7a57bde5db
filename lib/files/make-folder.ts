import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { systemFault } from "./system-fault.js";

/**
 * Makes a folder and those above it; one that is there is left as it is. In place of mkdirSync's own `recursive`, which
 * never returns (Node 20) where a folder whose parent is there cannot be found when it is made, as under /proc.
 *
 * @throws SystemFault naming the folder that could not be made
 */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (isFolder(folder)) return;
    const parent = path.dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || isFolder(parent))
      throw systemFault(error, folder);
    makeFolder(parent);
    makeFolder(folder);
  }
}

function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
