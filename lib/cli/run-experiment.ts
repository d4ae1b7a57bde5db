import path from "node:path";
import { loadAnyConfig } from "../config/load-config.js";
import type { Listener } from "../training/progress.js";
import { runBm25 } from "../training/run-bm25.js";
import type { RunFolder } from "../training/run-folder.js";
import { withFolderLock } from "../training/run-lock.js";
import { train } from "../training/train.js";

/**
 * Runs one configuration file to its end, an encoder or BM25. A run that is already finished is taken as it is, so a
 * notebook can ask for its runs again and again; while another process runs it, this one waits.
 *
 * @param file       YAML file of an experiment
 * @param overrides  "key.path=value" each
 */
export async function runExperiment(
  file: string,
  overrides: readonly string[] = [],
  listener: Listener = {},
): Promise<RunFolder> {
  const loaded = loadAnyConfig(file, overrides);
  const { output_dir, task_id, run_id } = loaded.config;
  const work = (): Promise<RunFolder> =>
    loaded.kind === "bm25" ? runBm25(loaded.config, { listener }) : train(loaded.config, { listener });
  return withFolderLock(path.join(output_dir, task_id, run_id), work, (line) => listener.line?.(line));
}

/** {@link runExperiment} of several files in turn, with the same overrides. */
export async function runExperiments(
  files: readonly string[],
  overrides: readonly string[] = [],
  listener: Listener = {},
): Promise<RunFolder[]> {
  const runs: RunFolder[] = [];
  for (const file of files) runs.push(await runExperiment(file, overrides, listener));
  return runs;
}
