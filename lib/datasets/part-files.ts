import { readdirSync } from "node:fs";
import path from "node:path";
import { cellProblem, cellText } from "./cells.js";
import { readCsv } from "./csv.js";
import { DataError, describeFileError } from "./data-error.js";
import { forEachJsonLine } from "./json-lines.js";
import { readParquet, type TextColumns } from "./parquet.js";
import { emptyReadReport, type ReadLimits, type ReadReport } from "./read-report.js";

type PartReader = (
  file: string,
  columns: readonly string[],
  limits: ReadLimits,
) => Promise<{ columns: TextColumns; report: ReadReport }>;

const readers: Readonly<Record<string, PartReader>> = {
  ".csv": async (file, columns, limits) => readCsv(file, columns, limits),
  ".tsv": async (file, columns, limits) => readCsv(file, columns, limits),
  ".json": async (file, columns, limits) => readJsonLineColumns(file, columns, limits),
  ".jsonl": async (file, columns, limits) => readJsonLineColumns(file, columns, limits),
  ".ndjson": async (file, columns, limits) => readJsonLineColumns(file, columns, limits),
  ".parquet": readParquet,
};

/**
 * The part-files of a folder, sorted by name (the original took directory order, which differs between machines).
 * Hidden files and those beginning with `_`, such as `_SUCCESS`, are no part-files.
 *
 * @throws DataError if the folder is missing, holds no part-file, or one of a kind that cannot be read
 */
export function listPartFiles(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new DataError(`${folder}: folder must exist, found none`);
    throw describeFileError(folder, error);
  }
  const parts = names.filter((name) => !/^[._]/.test(name)).sort();
  if (parts.length === 0)
    throw new DataError(`${folder}: folder must hold at least one part-file (${kinds()}), got none`);
  for (const name of parts) partReader(path.join(folder, name));
  return parts.map((name) => path.join(folder, name));
}

/**
 * The wanted columns of one part-file as text.
 *
 * @throws DataError if it cannot be read, lacks a column or has too many malformed rows
 */
export async function readPartFile(
  file: string,
  columns: readonly string[],
  limits: ReadLimits = {},
): Promise<{ columns: TextColumns; report: ReadReport }> {
  return partReader(file)(file, columns, limits);
}

function partReader(file: string): PartReader {
  const reader = readers[path.extname(file).toLowerCase()];
  if (reader === undefined)
    throw new DataError(`${file}: part-files must be ${kinds()}, got "${path.basename(file)}"`);
  return reader;
}

function kinds(): string {
  return Object.keys(readers).sort().join(", ");
}

/** A column that no line has is missing; one that some lines lack has empty cells there. */
function readJsonLineColumns(
  file: string,
  names: readonly string[],
  limits: ReadLimits,
): { columns: TextColumns; report: ReadReport } {
  const report = emptyReadReport();
  const columns: TextColumns = {};
  for (const name of names) columns[name] = [];
  const present = new Set<string>();
  const cells = new Array<string>(names.length);
  forEachJsonLine(file, report, limits, (record) => {
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      if (name in record) present.add(name);
      const text = cellText(record[name], name, report);
      if (text === null) return cellProblem(record[name], name);
      cells[i] = text;
    }
    for (let i = 0; i < names.length; i++) columns[names[i]!]!.push(cells[i]!);
    return null;
  });
  if (report.rows > 0)
    for (const name of names)
      if (!present.has(name))
        throw new DataError(`${file}: column "${name}" must be present, got no line with it`);
  return { columns, report };
}
