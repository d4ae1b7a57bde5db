import fs from "node:fs";
import { parse } from "yaml";
import type { Listener } from "../engine/progress.js";
import type { RunFolder } from "./run-folder.js";

/** Keys of a configuration that say where a run lies, not what it computes. */
const PLACES = ["task_id", "run_id", "output_dir", "commit_hash"];

/**
 * Runs with each run once, in their order. A run counted twice would be taken for two seeds: a folder given twice, by
 * whatever path, and a copy, which has the same system, seed, data and configuration but for its place, are left out with
 * a line each.
 */
export function distinctRuns(runs: readonly RunFolder[], listener: Listener): RunFolder[] {
  const folders = new Map<string, RunFolder>();
  const contents = new Map<string, RunFolder>();
  return runs.filter((run) => {
    const folder = fs.realpathSync(run.dir);
    const content = contentOf(run);
    const same = folders.get(folder) ?? contents.get(content);
    if (same !== undefined) {
      const why = folders.has(folder) ? "is given twice" : `is the same run as ${same.dir}`;
      listener.line?.(`${run.dir}: left out, as it ${why}; a repetition needs another seed`);
      return false;
    }
    folders.set(folder, run);
    contents.set(content, run);
    return true;
  });
}

function contentOf(run: RunFolder): string {
  const { kind, system, seed, dataset } = run.manifest();
  const config = fs.existsSync(run.configFile) ? parse(fs.readFileSync(run.configFile, "utf8")) : run.dir;
  const entries = Object.entries(config).filter(([key]) => !PLACES.includes(key));
  return JSON.stringify([kind, system, seed, dataset.fingerprint, entries.sort()]);
}
