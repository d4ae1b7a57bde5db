import fs from "node:fs";
import path from "node:path";
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
}

/** The threshold saved in a run; null if none was. */
export function savedThreshold(run: RunFolder): SavedThreshold | null {
  const file = thresholdFile(run);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : null;
}

export function thresholdFile(run: RunFolder): string {
  return path.join(run.dir, "threshold.json");
}
