import { statSync } from "node:fs";
import path from "node:path";
import { DataError } from "../../files/data-error.js";
import { readLines } from "../../files/lines.js";
import { ownEntry } from "../../files/own-entry.js";
import { firstCsvRecord } from "../csv.js";
import { jsonLineRows } from "../json-lines.js";
import { parquetColumns, type TextColumns } from "../parquet.js";
import { listPartFiles, readPartFile } from "../part-files.js";
import { emptyReadReport } from "../read-report.js";
import { textFileColumns } from "../text-files.js";

/** Rows that are looked at. */
const LOOKED_AT = 2000;

/** What a first look at a file or folder of part-files shows. */
export interface PeekedTable {
  /** The file or folder. */
  from: string;
  /** Its columns, the first rows as text. */
  columns: TextColumns;
  /** What a reader has to be told, where it differs from what it would assume. */
  dialect: { delimiter?: string; encoding?: "latin1" };
}

/**
 * The columns and first rows of a file or of a folder's first part-file. For text files the delimiter is the one that the
 * header has most of, and bytes that are no UTF-8 are taken for Latin-1.
 *
 * @throws DataError if it cannot be read, or holds no row
 */
export async function peekTable(from: string): Promise<PeekedTable> {
  const isFolder = statSync(from, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const file = isFolder ? listPartFiles(from)[0]! : from;
  const kind = path.extname(file).toLowerCase();
  const isCsv = kind === ".csv" || kind === ".tsv";
  const dialect = isCsv ? dialectOf(file) : {};
  const names = isCsv
    ? firstCsvRecord(file, dialect).map((name) => name.trim())
    : kind === ".parquet"
      ? await parquetColumns(file)
      : /^\.(jsonl?|ndjson)$/.test(kind)
        ? textFields(file)
        : kind === ".txt"
          ? [...textFileColumns]
          : []; // of a kind that the reader refuses
  const { columns } = await readPartFile(file, names, { ...dialect, maxRows: LOOKED_AT });
  if ((ownEntry(columns, names[0] ?? "")?.length ?? 0) === 0)
    throw new DataError(`${file}: must hold at least one row, got none`);
  return { from, columns, dialect };
}

/** Fields of the first lines that hold text or numbers. */
function textFields(file: string): string[] {
  const names = new Set<string>();
  const rows = jsonLineRows(file, emptyReadReport(), { maxRows: LOOKED_AT }, (record) => record);
  for (const record of rows)
    for (const [name, value] of Object.entries(record))
      if (["string", "number", "bigint", "boolean"].includes(typeof value)) names.add(name);
  if (names.size === 0) throw new DataError(`${file}: must hold a line with a field of text, got none`);
  return [...names];
}

function dialectOf(file: string): PeekedTable["dialect"] {
  const assumed = file.toLowerCase().endsWith(".tsv") ? "\t" : ",";
  let header: string;
  let encoding: { encoding?: "latin1" } = {};
  const wholeLines = { delimiter: "\n", quotes: false, maxRows: LOOKED_AT };
  try {
    header = firstCsvRecord(file, wholeLines)[0]!;
    if (isLatin(file)) encoding = { encoding: "latin1" };
  } catch (error) {
    if (!isLatin(file)) throw error;
    encoding = { encoding: "latin1" };
    header = firstCsvRecord(file, { ...wholeLines, ...encoding })[0]!;
  }
  const count = (delimiter: string) => header.split(delimiter).length - 1;
  const best = [assumed, ";", "\t", ",", "|"].reduce((a, b) => (count(b) > count(a) ? b : a));
  return { ...(best !== assumed && { delimiter: best }), ...encoding };
}

/** Whether some of the first lines are not UTF-8. */
function isLatin(file: string): boolean {
  let seen = 0;
  for (const { text } of readLines(file)) {
    if (text === null) return true;
    if (++seen > LOOKED_AT) return false;
  }
  return false;
}
