import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { parquetMetadataAsync, parquetScan, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetWriteBuffer } from "hyparquet-writer";
import { atomicWriteFile } from "../engine/atomic-write.js";
import { cellProblem, cellText, invalidText } from "./cells.js";
import { DataError, describeFileError } from "./data-error.js";
import { countMalformed, emptyReadReport, type ReadLimits, type ReadReport } from "./read-report.js";

/** Columns of equal length, by name, in order. */
export type TextColumns = Record<string, string[]>;

/**
 * Reads text columns of a Parquet file. Empty cells become "" and are counted; numbers are written out (counted); rows
 * with a list, an object or bytes that are not UTF-8 are malformed and left out.
 *
 * @param columns wanted, all if null
 * @throws DataError if the file is missing, empty, truncated or lacks a wanted column
 */
export async function readParquet(
  file: string,
  columns: readonly string[] | null = null,
  limits: ReadLimits = {},
): Promise<{ columns: TextColumns; report: ReadReport }> {
  const raw = await readRawParquet(file, columns, limits.maxRows ?? null);
  const report = emptyReadReport();
  const names = Object.keys(raw.columns);
  const texts: TextColumns = {};
  const dropped = new Uint8Array(raw.rows);
  for (const name of names) {
    const values = raw.columns[name]!;
    const column = new Array<string>(raw.rows);
    for (let row = 0; row < raw.rows; row++) {
      const text = cellText(values[row], name, report);
      if (text === null && dropped[row] === 0) {
        dropped[row] = 1;
        const reason = cellProblem(values[row], name);
        countMalformed(report, { file, line: row + 1, reason }, limits);
      }
      column[row] = text ?? "";
    }
    texts[name] = column;
  }
  if (report.malformed > 0)
    for (const name of names) texts[name] = texts[name]!.filter((_, row) => dropped[row] === 0);
  report.rows = raw.rows - report.malformed;
  return { columns: texts, report };
}

/**
 * Writes text columns as one Parquet file (Snappy), whole or not at all. Equal columns give equal bytes.
 *
 * @throws RangeError if the columns differ in length or there are none
 */
export function writeParquet(file: string, columns: Readonly<Record<string, readonly string[]>>): void {
  const names = Object.keys(columns);
  if (names.length === 0) throw new RangeError("writeParquet: at least one column is needed, got none");
  const rows = columns[names[0]!]!.length;
  for (const name of names)
    if (columns[name]!.length !== rows)
      throw new RangeError(
        `writeParquet: columns must have equal lengths, got ${rows} for "${names[0]}" and ${columns[name]!.length} for "${name}"`,
      );
  const columnData = names.map((name) => ({
    name,
    data: columns[name] as string[],
    type: "STRING" as const,
    nullable: false,
  }));
  atomicWriteFile(file, new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 100_000 })));
}

async function readRawParquet(
  file: string,
  wanted: readonly string[] | null,
  maxRows: number | null,
): Promise<{ columns: Record<string, unknown[]>; rows: number }> {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    throw describeFileError(file, error);
  }
  try {
    const byteLength = fstatSync(handle).size;
    if (byteLength === 0) throw new DataError(`${file}: file must not be empty, got 0 bytes`);
    const source = {
      byteLength,
      slice: (start: number, end?: number) => readBytes(handle, start, end ?? byteLength),
    };
    const metadata = await parquetMetadataAsync(source);
    const names = parquetSchema(metadata).children.map((child) => child.element.name);
    for (const name of wanted ?? [])
      if (!names.includes(name))
        throw new DataError(`${file}: column "${name}" must be present, got columns ${names.join(", ")}`);
    const columns: Record<string, unknown[]> = {};
    const chosen = wanted === null ? names : [...new Set(wanted)];
    for (const name of chosen) columns[name] = [];
    const rowEnd = maxRows === null ? undefined : Math.min(maxRows, Number(metadata.num_rows));
    const parsers = { stringFromBytes };
    const scan = await parquetScan({ file: source, metadata, columns: chosen, compressors, parsers, rowEnd });
    for (const range of scan.ranges)
      for (const name of chosen) {
        const values = await scan.readColumn({ column: name, ...range });
        if (values.length !== range.rowEnd - range.rowStart)
          throw new Error(`column "${name}" has ${values.length} rows of ${range.rowEnd - range.rowStart}`);
        const column = columns[name]!;
        for (let i = 0; i < values.length; i++) column.push(values[i]);
      }
    return { columns, rows: rowEnd ?? Number(metadata.num_rows) };
  } catch (error) {
    if (error instanceof DataError) throw error;
    const described = describeFileError(file, error);
    if (described instanceof DataError) throw described;
    throw new DataError(
      `${file}: file must be Parquet, whole and undamaged, got: ${(error as Error).message}`,
    );
  } finally {
    closeSync(handle);
  }
}

function readBytes(handle: number, start: number, end: number): ArrayBuffer {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let done = 0;
  while (done < bytes.length) {
    const size = readSync(handle, bytes, done, bytes.length - done, start + done);
    if (size === 0) throw new Error(`file ends at byte ${start + done}, before ${end}`);
    done += size;
  }
  return bytes.buffer;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function stringFromBytes(bytes: Uint8Array | undefined): string | undefined | typeof invalidText {
  if (bytes === undefined) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return invalidText;
  }
}
