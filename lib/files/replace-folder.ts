import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { withFolderLock } from "./folder-lock.js";
import { UserError } from "./user-error.js";

/**
 * Builds a folder beside its place and moves it there when it is complete, so that a builder that fails or is killed
 * leaves the old folder as it was. What a killed builder left behind is removed by the next one; of two at once, the
 * second waits.
 *
 * @param build  fills the folder it is given
 * @param marks  names of which an old folder must hold one, so that nothing else is ever replaced
 * @throws UserError before anything is built if the place is a file, or a folder of something else
 */
export async function replaceFolder<T>(
  folder: string,
  build: (scratch: string) => Promise<T>,
  marks: readonly string[] = ["manifest.json"],
): Promise<T> {
  checkReplaceable(folder, marks);
  return withFolderLock(folder, () => replaceLocked(folder, build, marks));
}

/** {@link replaceFolder} for a caller that holds the folder's lock. */
export async function replaceLocked<T>(
  folder: string,
  build: (scratch: string) => Promise<T>,
  marks: readonly string[],
): Promise<T> {
  checkReplaceable(folder, marks);
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

/** @throws UserError if a file, or a folder with other things than those expected, stands in the place */
export function checkReplaceable(folder: string, marks: readonly string[]): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw new UserError(`${folder}: must be a folder, got a file`);
  const names = readdirSync(folder);
  if (names.length > 0 && !marks.some((mark) => names.includes(mark)))
    throw new UserError(
      `${folder}: must be empty or hold ${marks.join(" or ")} to be replaced, got ${names.slice(0, 4).join(", ")}${names.length > 4 ? " …" : ""}`,
    );
}
