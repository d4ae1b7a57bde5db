import fs from "node:fs";
import path from "node:path";
import type { SourceFile } from "../reporting/number-source.js";
import { QUERIES_FILE } from "../reporting/results-source.js";
import type { RunFolder } from "../tracking/run-folder.js";

/** Files of a run that a page's numbers come from, and which numbers. */
export const USES: Readonly<Record<string, string>> = {
  [QUERIES_FILE]: "tables, typo curves, slices, list of queries",
  "robustness.jsonl.gz": "kinds of typos",
  "metrics.jsonl": "loss",
  "timings.jsonl": "times, pairs per second",
  "manifest.json": "counts, data set, machine",
  "config.yaml": "configuration",
  "models/model.safetensors": "search box, map, rankings",
};

/** Those that the run has, as they are now. */
export function sourceFiles(run: RunFolder): SourceFile[] {
  return Object.keys(USES)
    .filter((file) => fs.existsSync(path.join(run.dir, file)))
    .map((file) => ({ run: run.dir, file, sha256: run.hashOf(file) }));
}
