import fs from "node:fs";
import path from "node:path";
import { defaultListener, type Listener } from "../engine/progress.js";
import { reevaluateRun } from "../evaluation/reevaluate-run.js";
import { runExperiment } from "../runs/run-experiment.js";
import { listRuns, openRun, type RunFolder } from "../tracking/run-folder.js";

/**
 * A configuration with its overrides, or the folder of a run that something else made; `needs` are files and folders, pretrained
 * weights say, without which it is not begun, `name` is what tables call it then.
 */
export type ListedRun = { name?: string; needs?: readonly string[] } & (
  | { config: string; set?: readonly string[] }
  | { dir: string }
);

/** A system of the list that is not there. */
export interface MissingRun {
  name: string;
  /** what would have to be there */
  missing: string;
}

/**
 * The runs of a list, each trained and evaluated where that has not been done. What cannot be had is told and listed, so that a
 * table can be made before every system of it was.
 */
export async function runList(
  list: readonly ListedRun[],
  { listener = defaultListener() }: { listener?: Listener } = {},
): Promise<{ runs: RunFolder[]; missing: MissingRun[] }> {
  const runs: RunFolder[] = [];
  const missing: MissingRun[] = [];
  for (const listed of list) {
    const needed = [
      ...(listed.needs ?? []),
      ...("dir" in listed ? [path.join(listed.dir, "queries.jsonl.gz")] : []),
    ];
    const lacks = needed.find((file) => !fs.existsSync(file));
    if (lacks !== undefined) {
      const name = listed.name ?? ("dir" in listed ? listed.dir : listed.config);
      missing.push({ name, missing: lacks });
      listener.line?.(`${name}: left out, needs ${lacks}`);
      continue;
    }
    const run =
      "dir" in listed
        ? openRun(listed.dir)
        : await runExperiment(listed.config, { overrides: listed.set ?? [], listener });
    runs.push(run.isEvaluated() || "dir" in listed ? run : await reevaluateRun(run.dir, { listener }));
  }
  return { runs, missing };
}

/** The runs below a folder that have results; the others are told. */
export function evaluatedRuns(root: string, listener: Listener): RunFolder[] {
  return listRuns(root).filter((run) => {
    if (run.isEvaluated()) return true;
    listener.line?.(`${run.dir}: left out, as it was never evaluated (${run.manifest().status})`);
    return false;
  });
}
