import fs from "node:fs";
import path from "node:path";
import { evaluateRun } from "../training/evaluate-run.js";
import type { Listener } from "../training/progress.js";
import { openRun, type RunFolder } from "../training/run-folder.js";
import { runExperiment } from "./run-experiment.js";

/** A configuration with its overrides, or the folder of a run that something else made. */
export type ListedRun = { config: string; set?: readonly string[] } | { dir: string };

/**
 * The runs of a list, each trained and evaluated where that has not been done. Folders that are not there are left out and
 * told, so that a table can be made before every system of it was.
 */
export async function runList(list: readonly ListedRun[], listener: Listener = {}): Promise<RunFolder[]> {
  const runs: RunFolder[] = [];
  for (const listed of list) {
    if ("dir" in listed) {
      if (fs.existsSync(path.join(listed.dir, "manifest.json"))) runs.push(openRun(listed.dir));
      else listener.line?.(`${listed.dir}: not there, left out`);
      continue;
    }
    const run = await runExperiment(listed.config, listed.set ?? [], listener);
    const isEvaluated = fs.existsSync(path.join(run.dir, "queries.jsonl.gz"));
    runs.push(isEvaluated ? run : await evaluateRun(run.dir, { listener }));
  }
  return runs;
}
