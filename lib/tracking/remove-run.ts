import fs from "node:fs";
import path from "node:path";
import { UserError } from "../files/user-error.js";
import { listRuns, openRun, type RunFolder } from "./run-folder.js";

/** A run's folder that is to be removed. */
export interface RemovableRun {
  dir: string;
  bytes: number;
}

/**
 * What removing runs would remove. Runs that may be under way are refused: nothing says whether their process lives.
 *
 * @param options.running  takes these, too
 * @throws UserError if a folder holds no run, or one under way
 */
export function removableRuns(
  dirs: readonly string[],
  { running = false }: { running?: boolean } = {},
): RemovableRun[] {
  return dirs.map((dir) => {
    const { status } = openRun(dir).manifest();
    if (status === "running" && !running)
      throw new UserError(
        `${dir}: must have ended to be deleted, got a run under way; --running if it was killed`,
      );
    return { dir, bytes: bytesBelow(dir) };
  });
}

/**
 * Runs below `root` or beside those to go that are made of one of them (a fusion, or neighbours in a run's space) and would
 * answer no more without it.
 */
export function dependentRuns(dirs: readonly string[], root: string): { dir: string; madeOf: string }[] {
  const gone = new Set(dirs.map((dir) => path.resolve(dir)));
  const beside = [...new Set([...gone].map((dir) => path.dirname(dir)))].flatMap(runsIn);
  const others = [...listRuns(root), ...beside].map((run) => [path.resolve(run.dir), run] as const);
  return [...new Map(others).values()]
    .filter(({ dir }) => !gone.has(path.resolve(dir)))
    .flatMap((run) => {
      const part = (run.manifest().madeOf ?? []).find(({ run: made }) => gone.has(path.resolve(made)));
      return part === undefined ? [] : [{ dir: run.dir, madeOf: part.run }];
    });
}

function runsIn(folder: string): RunFolder[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(folder, name))
    .filter((dir) => fs.existsSync(path.join(dir, "manifest.json")))
    .map((dir) => openRun(dir));
}

/** Removes runs with everything in their folders; what links there lead to stays. */
export function removeRuns(runs: readonly RemovableRun[]): void {
  for (const { dir } of runs) fs.rmSync(dir, { recursive: true, force: true });
}

function bytesBelow(folder: string): number {
  return fs.readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const file = path.join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesBelow(file) : fs.lstatSync(file).size);
  }, 0);
}
