import type { MadeFrom, MeasuredColumn, NumberSource, SourceFile } from "./number-source.js";
import { columnText } from "./number-source.js";
import type { ResultsRow, ResultsTable } from "./results-table.js";

export const QUERIES_FILE = "queries.jsonl.gz";

/** What a table of results is made from: see resultsSource. */
export interface ResultsRecipe {
  title: string | null;
  baseline: string | null;
  level: number;
  alpha: number;
  resamples: number;
  seed: number;
  test: ResultsTable["test"];
  columns: (MeasuredColumn & { label: string })[];
  /** Each system with the places of its runs' files. */
  systems: { system: string; description?: string; files: number[] }[];
}

/** How to make the table again from per-query files; undefined where a column or a run does not say what it was read from. */
export function resultsSource(results: ResultsTable): MadeFrom | undefined {
  const { columns, title, baseline, level, alpha, resamples, seed, test } = results;
  if (columns === undefined || results.rows.some((row) => filesOf(row) === undefined)) return undefined;
  const files: SourceFile[] = [];
  const systems = results.rows.map((row) => ({
    system: row.system,
    ...(row.description === undefined ? {} : { description: row.description }),
    files: filesOf(row)!.map((file) => files.push(file) - 1),
  }));
  const options: ResultsRecipe = {
    ...{ title: title ?? null, baseline, level, alpha, resamples, seed, test },
    columns: columns.map((column, i) => ({ label: results.metrics[i]!, ...column })),
    systems,
  };
  return { rule: "results", files, options };
}

/** Where one number of the table comes from. */
export function cellSource(results: ResultsTable, row: ResultsRow, column: number): NumberSource | undefined {
  const files = filesOf(row);
  if (files === undefined || results.columns === undefined) return undefined;
  const base = results.rows.find(({ isBaseline }) => isBaseline);
  const against = base === undefined || base === row ? [] : (filesOf(base) ?? []);
  return {
    files: [...files, ...against],
    measure: columnText(results.columns[column]!),
    rule:
      `mean over queries${files.length > 1 ? " and seeds" : ""} with its ${Math.round(results.level * 100)} % interval` +
      (against.length === 0 ? "" : `; difference to ${results.baseline}`),
  };
}

function filesOf(row: ResultsRow): SourceFile[] | undefined {
  const files = row.runs.flatMap(({ dir, sha256 }) =>
    sha256 === undefined ? [] : [{ run: dir, file: QUERIES_FILE, sha256 }],
  );
  return files.length === row.runs.length && files.length > 0 ? files : undefined;
}
