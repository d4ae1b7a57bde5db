import fs from "node:fs";
import path from "node:path";
import type { Listener } from "../engine/progress.js";
import { checkReplaceable } from "../files/replace-folder.js";
import { UserError } from "../files/user-error.js";
import { type Manifest, openRun, RUN_MARKS, type RunFolder } from "./run-folder.js";

/** The run that is asked for. */
export interface AskedRun {
  /** Whether the folder's configuration, and whatever else counts, is that of the run; asked of finished runs alone. */
  matches: () => boolean;
  /** Folders of the runs that it is made of: one that has other answers than it was made from makes it out of date. Default: none. */
  madeOf?: readonly string[];
}

/**
 * Whether a folder holds the run that is asked for, finished.
 *
 * @throws RangeError if a run that it is made of is not there
 */
export function holdsFinished(run: RunFolder, { matches, madeOf = [] }: AskedRun): boolean {
  if (!fs.existsSync(path.join(run.dir, "manifest.json")) || !fs.existsSync(run.configFile)) return false;
  const { status, madeOf: parts = [] } = run.manifest();
  if (status !== "finished") return false;
  const now = madeOf.map((dir) => openRun(dir).contentOf());
  const isSame = now.length === parts.length && now.every((content, i) => content === parts[i]!.content);
  return isSame && matches();
}

/**
 * Refuses to let a run take the place of one of another kind: a trained encoder is not replaced by a ranking of that name.
 *
 * @throws UserError if the folder holds a run of another kind, or something else than a run
 */
export function checkPlace(run: RunFolder, kind: Manifest["kind"]): void {
  checkReplaceable(run.dir, RUN_MARKS);
  if (!fs.existsSync(path.join(run.dir, "manifest.json"))) return;
  const found = run.manifest().kind;
  if (found !== kind)
    throw new UserError(
      `${run.dir}: must be free or hold a run of kind ${kind}, got one of kind ${found}; choose another run_id`,
    );
}

/** {@link holdsFinished}, told to the listener; never so for a run that is to start over. */
export function mayReuse(
  run: RunFolder,
  asked: AskedRun,
  { fresh = false, listener = {} }: { fresh?: boolean; listener?: Listener },
): boolean {
  if (fresh || !holdsFinished(run, asked)) return false;
  listener.line?.(`${run.dir}: already finished (--fresh starts over)`);
  return true;
}
