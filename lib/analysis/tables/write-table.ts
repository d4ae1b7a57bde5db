import fs from "node:fs";
import path from "node:path";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { htmlPage } from "../../reporting/html-page.js";
import { linkRuns } from "../../reporting/link-runs.js";
import type { MadeFrom } from "../../reporting/number-source.js";
import { resultsSource } from "../../reporting/results-source.js";
import type { ResultsTable } from "../../reporting/results-table.js";
import { resultsCsv, resultsLatex, resultsMarkdown } from "../../reporting/results-table-view.js";

const formats: Record<string, (tables: readonly ResultsTable[], folder: string) => string> = {
  ".md": (tables, folder) => tables.map((table) => resultsMarkdown(linked(table, folder))).join("\n\n"),
  ".csv": (tables) => resultsCsv(tables[0]!) + tables.slice(1).map(withoutHead).join(""),
  ".tex": (tables) => tables.map((table) => resultsLatex(table)).join("\n\n"),
  ".html": tablesPage,
};

/**
 * Writes results tables to one file in the form that its ending names: .md, .csv, .tex or .html.
 *
 * @throws RangeError for another ending
 */
export function writeTables(file: string, tables: readonly ResultsTable[]): void {
  const format = ownEntry(formats, path.extname(file));
  if (!format)
    throw new UserError(`table file: must end with ${Object.keys(formats).join(", ")}, got "${file}"`);
  atomicWriteFile(file, `${format(tables, path.dirname(file)).trimEnd()}\n`);
}

/**
 * A page of tables alone.
 *
 * @param folder  that the page is written to, for links to run folders; null: without links
 */
export function tablesPage(tables: readonly ResultsTable[], folder: string | null): string {
  const sources = tables.map(resultsSource);
  const known = sources.filter((source): source is MadeFrom => source !== undefined);
  return htmlPage({
    title: tables[0]!.title ?? "Results",
    eyebrow: "qdrl results",
    question: "Which system is best, and by how much?",
    answer: [],
    sections: [
      {
        title: "Results",
        blocks: tables.map((table) => ({
          kind: "results",
          results: folder === null ? table : linked(table, folder),
        })),
      },
    ],
    sources: [],
    ...(known.length === sources.length && {
      madeFrom: {
        rule: "tables",
        files: known.flatMap(({ files }) => files),
        options: { tables: known },
      },
    }),
  });
}

/** Links to run folders; rows that come from files have none. */
function linked(table: ResultsTable, folder: string): ResultsTable {
  const hasFolder = (dir: string): boolean => fs.existsSync(path.join(dir, "manifest.json"));
  const isRuns = table.rows.every((row) => row.runs.every((run) => hasFolder(run.dir)));
  return isRuns ? linkRuns(table, folder) : table;
}

function withoutHead(table: ResultsTable): string {
  return resultsCsv(table).replace(/^[^\n]*\n/, "");
}
