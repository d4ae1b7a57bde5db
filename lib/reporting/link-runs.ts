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
