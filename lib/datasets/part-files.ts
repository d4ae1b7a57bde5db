import { readdirSync } from "node:fs";
import path from "node:path";
import { DataError, describeFileError } from "../files/data-error.js";
import { cellProblem, cellText } from "./cells.js";
import { ChunkCollector } from "./chunk-collector.js";
import { type CsvDialect, csvChunks } from "./csv.js";
import { jsonLineRows } from "./json-lines.js";
import { readParquetGroups, type TextColumns } from "./parquet.js";
import { emptyReadReport, type ReadLimits, type ReadReport } from "./read-report.js";
import { textFileRow } from "./text-files.js";

/** Limits of reading, and how cells are delimited in files of text. */
export type PartLimits = ReadLimits & CsvDialect;

type PartReader = (
  file: string,
  columns: readonly string[],
  limits: PartLimits,
  report: ReadReport,
) => AsyncIterable<TextColumns> | Iterable<TextColumns>;

/** Rows of a chunk of text files; Parquet comes in its own row groups. */
const chunkRows = 65_536;

const csv: PartReader = (file, columns, limits, report) =>
  csvChunks(file, columns, limits, report, chunkRows);

const readers: Readonly<Record<string, PartReader>> = {
  ".csv": csv,
  ".json": jsonLineChunks,
  ".jsonl": jsonLineChunks,
  ".ndjson": jsonLineChunks,
  ".parquet": readParquetGroups,
  ".tsv": csv,
  ".txt": textFileRow,
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
  limits: PartLimits = {},
): Promise<{ columns: TextColumns; report: ReadReport }> {
  const report = emptyReadReport();
  let all: TextColumns | null = null;
  for await (const chunk of readPartChunks(file, columns, limits, report))
    if (all === null) all = chunk;
    else
      for (const [name, values] of Object.entries(chunk)) for (const value of values) all[name]!.push(value);
  return { columns: all ?? {}, report };
}

/**
 * {@link readPartFile} in chunks, so that memory does not grow with the file: row groups of Parquet, some 65,000 lines
 * of the others.
 *
 * @param report what was met so far, changed as chunks are read
 */
export function readPartChunks(
  file: string,
  columns: readonly string[],
  limits: PartLimits,
  report: ReadReport,
): AsyncIterable<TextColumns> | Iterable<TextColumns> {
  const reader = partReader(file);
  for (const key of ["delimiter", "quotes", "encoding"] as const)
    if (reader !== csv && limits[key] !== undefined)
      throw new DataError(`${file}: ${key} is of .csv and .tsv files, got another kind`);
  return reader(file, columns, limits, report);
}

function partReader(file: string): PartReader {
  const kind = path.extname(file).toLowerCase();
  const reader = Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  if (reader === undefined)
    throw new DataError(`${file}: part-files must be ${kinds()}, got "${path.basename(file)}"`);
  return reader;
}

function kinds(): string {
  return Object.keys(readers).sort().join(", ");
}

/** A column that no line of the first chunk has is missing; one that some lines lack has empty cells there. */
function* jsonLineChunks(
  file: string,
  columns: readonly string[],
  limits: ReadLimits,
  report: ReadReport,
): Generator<TextColumns> {
  const names = [...new Set(columns)];
  const missing = new Set(names);
  const rows = jsonLineRows(file, report, limits, (record) => {
    const cells: string[] = [];
    for (const name of names) {
      const value = Object.hasOwn(record, name) ? record[name] : undefined;
      if (missing.size > 0 && Object.hasOwn(record, name)) missing.delete(name);
      const text = cellText(value, name, report);
      if (text === null) return cellProblem(value, name);
      cells.push(text);
    }
    return cells;
  });
  const collector = new ChunkCollector(chunkRows);
  let met = 0;
  const checked = (chunk: TextColumns): TextColumns => {
    for (const name of missing)
      if (met > 0) throw new DataError(`${file}: column "${name}" must be present, got no line with it`);
    return chunk;
  };
  for (const cells of rows) {
    met++;
    const full = collector.add(names, cells);
    if (full !== null) yield checked(full);
  }
  yield checked(collector.rest(names));
}
