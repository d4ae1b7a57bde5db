import fs from "node:fs";
import path from "node:path";
import { readSealedJson, writeSealedJson } from "../../files/sealed-text.js";
import { UserError } from "../../files/user-error.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { ThresholdChoice, ThresholdCriterion } from "./threshold.js";

/** The threshold saved in a run, and how it was chosen. */
export interface SavedThreshold extends ThresholdChoice {
  criterion: ThresholdCriterion;
  /** Validation queries that it was chosen on, once for each typo probability. */
  queries: number;
  typos: number[];
  /** Answers looked at of each query. */
  answers: number;
  /** See RunFolder.contentOf: of the run whose scores it is for. Left out in those saved before it was named. */
  content?: string;
}

/** The threshold saved in a run; null if none was. @throws UserError if it is damaged, or for a model of before */
export function savedThreshold(run: RunFolder): SavedThreshold | null {
  const file = thresholdFile(run);
  if (!fs.existsSync(file)) return null;
  const { checksum, ...saved } = readSealedJson<SavedThreshold>(file);
  if (saved.content !== undefined && checksum === undefined)
    throw new UserError(`${file}: is damaged, must end with its checksum, got none`);
  const now = run.contentOf();
  if (saved.content !== undefined && saved.content !== now)
    throw new UserError(
      `${file}: is for the run with content ${saved.content.slice(0, 16)}…, got ${now.slice(0, 16)}…; choose it again with: qdrl threshold ${run.dir}`,
    );
  return saved;
}

export function saveThresholdFile(run: RunFolder, saved: SavedThreshold): void {
  writeSealedJson(thresholdFile(run), saved);
}

function thresholdFile(run: RunFolder): string {
  return path.join(run.dir, "threshold.json");
}
