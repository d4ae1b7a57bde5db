import fs from "node:fs";
import type { Objects } from "../files/objects/objects.js";
import { UserError } from "../files/user-error.js";
import { StoredFolder } from "./stored-folder.js";
import type { SweepPlan } from "./sweep-plan.js";

/** Folders that rows read, in a store: `data/<path from the workspace root>/`. */
function placeOf(objects: Objects, folder: string): StoredFolder {
  const plain = folder.split(/[\\/]+/).filter((part) => part !== "" && part !== ".");
  return new StoredFolder(objects, `data/${plain.map(encodeURIComponent).join("/")}/`);
}

/**
 * Puts the folders that a plan's rows read into a store, those that it has not yet; one that is in neither place is an error.
 *
 * @param fresh  send those that are there again
 */
export async function pushData(
  plan: SweepPlan,
  objects: Objects,
  fresh: boolean,
  onLine: (line: string) => void,
): Promise<void> {
  for (const folder of plan.folders) {
    const place = placeOf(objects, folder);
    if (!fresh && (await place.isThere())) {
      onLine(`${folder}: is in ${objects.address}`);
      continue;
    }
    if (!fs.existsSync(folder))
      throw new UserError(`${folder}: must be here or in ${objects.address}, found in neither`);
    const bytes = await place.save(folder);
    onLine(`${folder}: ${(bytes / 1e6).toFixed(1)} MB sent to ${objects.address}`);
  }
}

/** Fetches folders that are not here. @throws UserError for one that the store has not either */
export async function pullData(
  folders: readonly string[],
  objects: Objects,
  onLine: (line: string) => void,
): Promise<void> {
  for (const folder of folders) {
    if (fs.existsSync(folder)) continue;
    const files = await placeOf(objects, folder).restore(folder, []);
    if (files === 0)
      throw new UserError(
        `${folder}: must be here or in ${objects.address}, found in neither; qdrl sweep FILE --data --store ${objects.address} sends it from where it is`,
      );
    onLine(`${folder}: ${files} files fetched from ${objects.address}`);
  }
}
