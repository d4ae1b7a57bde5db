import { createHash } from "node:crypto";
import path from "node:path";
import type { ResultsTable } from "./results-table.js";

/**
 * The table with links from its rows to their run folders, relative to the folder that a page is written to, so that they
 * hold wherever both are moved together.
 */
export function linkRuns(results: ResultsTable, pageFolder: string): ResultsTable {
  const linked = (dir: string): string =>
    `${path.relative(pageFolder, dir).split(path.sep).map(encodeURIComponent).join("/")}/`;
  return {
    ...results,
    rows: results.rows.map((row) => ({
      ...row,
      runs: row.runs.map((run) => ({ ...run, link: linked(run.dir) })),
    })),
  };
}

/**
 * The table with links from its rows to where a page lists the run among its sources: they hold when the page is mailed
 * alone.
 */
export function anchorRuns(results: ResultsTable): ResultsTable {
  return {
    ...results,
    rows: results.rows.map((row) => ({
      ...row,
      runs: row.runs.map((run) => ({ ...run, link: `#${runAnchor(run.dir)}` })),
    })),
  };
}

/** Id of a run's first line among a page's sources. */
export function runAnchor(dir: string): string {
  return `run-${createHash("sha256").update(path.normalize(dir)).digest("hex").slice(0, 12)}`;
}
