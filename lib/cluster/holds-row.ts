import fs from "node:fs";
import { loadStoredConfig } from "../experiment/load-config.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { ownEntry } from "../files/own-entry.js";
import { runFolderOf } from "../tracking/run-folder.js";
import { holdsFinishedRun } from "../training/claim-run.js";

/**
 * Whether a configuration's run folder holds its finished run. Its data need not be here: sizes that would be read from them are
 * taken as the run has them.
 */
export function holdsRow(config: ExperimentConfig): boolean {
  const run = runFolderOf(config);
  if (!fs.existsSync(run.configFile)) return false;
  return holdsFinishedRun(run, filled(config, loadStoredConfig(run.configFile)) as ExperimentConfig);
}

/** A value with each "auto" that stands where `stored` has a number replaced by it. */
function filled(asked: unknown, stored: unknown): unknown {
  if (asked === "auto" && typeof stored === "number") return stored;
  if (Array.isArray(asked))
    return asked.map((value, i) => filled(value, (stored as unknown[] | undefined)?.[i]));
  if (typeof asked !== "object" || asked === null) return asked;
  const other = typeof stored === "object" ? (stored as Record<string, unknown>) : null;
  return Object.fromEntries(
    Object.entries(asked).map(([key, value]) => [key, filled(value, ownEntry(other, key))]),
  );
}
