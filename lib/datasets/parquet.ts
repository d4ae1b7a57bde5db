import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { parquetMetadataAsync, parquetScan, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetWriteBuffer } from "hyparquet-writer";
import { atomicWriteFile } from "../files/atomic-write.js";
import { DataError, describeFileError } from "../files/data-error.js";
import { emptyRecord } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { cellProblem, cellText, invalidText } from "./cells.js";
import { decimalText, rawBytes, withoutDecimals } from "./parquet-decimals.js";
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
  const report = emptyReadReport();
  let all: TextColumns = {};
  for await (const group of readParquetGroups(file, columns, limits, report))
    if (Object.keys(all).length === 0) all = group;
    else
      for (const [name, values] of Object.entries(group)) for (const value of values) all[name]!.push(value);
  return { columns: all, report };
}

/**
 * {@link readParquet} a row group at a time, so that memory is one group, whatever the file's size. At least one group
 * is given, which is empty if the file has no rows.
 *
 * @param report what was met so far, changed as groups are read
 */
export async function* readParquetGroups(
  file: string,
  columns: readonly string[] | null,
  limits: ReadLimits,
  report: ReadReport,
): AsyncGenerator<TextColumns> {
  const source = openParquet(file);
  try {
    const { metadata, scales } = withoutDecimals(await orDamaged(file, parquetMetadataAsync(source)));
    const present = parquetSchema(metadata).children.map((child) => child.element.name);
    const missing = (columns ?? []).find((name) => !present.includes(name));
    if (missing !== undefined)
      throw new DataError(`${file}: column "${missing}" must be present, got columns ${present.join(", ")}`);
    const names = columns === null ? present : [...new Set(columns)];
    const rowEnd = Math.min(limits.maxRows ?? Number.POSITIVE_INFINITY, Number(metadata.num_rows));
    const parsers = { stringFromBytes, geometryFromBytes: rawBytes };
    const scan = await orDamaged(
      file,
      parquetScan({ file: source, metadata, columns: names, compressors, parsers, rowEnd }),
    );
    if (scan.ranges.length === 0) yield Object.fromEntries(names.map((name) => [name, []]));
    for (const range of scan.ranges) {
      const raw: Record<string, ArrayLike<unknown>> = emptyRecord();
      for (const name of names) {
        const values = await orDamaged(file, scan.readColumn({ column: name, ...range }));
        const scale = scales.get(name);
        raw[name] = scale === undefined ? values : Array.from(values, (value) => decimalText(value, scale));
      }
      yield groupTexts(file, raw, range, limits, report);
    }
  } finally {
    closeSync(source.handle);
  }
}

function groupTexts(
  file: string,
  raw: Readonly<Record<string, ArrayLike<unknown>>>,
  { rowStart, rowEnd }: { rowStart: number; rowEnd: number },
  limits: ReadLimits,
  report: ReadReport,
): TextColumns {
  const rows = rowEnd - rowStart;
  const texts: TextColumns = emptyRecord();
  const dropped = new Set<number>();
  for (const [name, values] of Object.entries(raw)) {
    if (values.length !== rows)
      throw damaged(
        file,
        `column "${name}" has ${values.length} of the ${rows} rows from ${rowStart + 1} on`,
      );
    const column = new Array<string>(rows);
    for (let row = 0; row < rows; row++) {
      const text = cellText(values[row], name, report);
      if (text === null && !dropped.has(row)) {
        dropped.add(row);
        const reason = cellProblem(values[row], name);
        countMalformed(report, { file, line: rowStart + row + 1, reason }, limits);
      }
      column[row] = text ?? "";
    }
    texts[name] = column;
  }
  if (dropped.size > 0)
    for (const name of Object.keys(texts)) texts[name] = texts[name]!.filter((_, row) => !dropped.has(row));
  report.rows += rows - dropped.size;
  return texts;
}

/**
 * Writes text columns as one Parquet file (Snappy), whole or not at all. Equal columns give equal bytes.
 *
 * @throws RangeError if the columns differ in length or there are none
 */
export function writeParquet(file: string, columns: Readonly<Record<string, readonly string[]>>): void {
  const names = Object.keys(columns);
  if (names.length === 0) throw new UserError("writeParquet: at least one column is needed, got none");
  const rows = columns[names[0]!]!.length;
  for (const name of names)
    if (columns[name]!.length !== rows)
      throw new UserError(
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

/** Rows of a Parquet file by its metadata. @throws DataError if it cannot be read */
export async function parquetRows(file: string): Promise<number> {
  const source = openParquet(file);
  try {
    return Number((await orDamaged(file, parquetMetadataAsync(source))).num_rows);
  } finally {
    closeSync(source.handle);
  }
}

interface ParquetSource {
  handle: number;
  byteLength: number;
  slice(start: number, end?: number): ArrayBuffer;
}

function openParquet(file: string): ParquetSource {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    throw describeFileError(file, error);
  }
  const { size: byteLength } = fstatSync(handle);
  if (byteLength === 0) {
    closeSync(handle);
    throw new DataError(`${file}: file must not be empty, got 0 bytes`);
  }
  return { handle, byteLength, slice: (start, end = byteLength) => readBytes(handle, start, end) };
}

/** The parser's own errors tell of damage. */
async function orDamaged<T>(file: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const described = describeFileError(file, error);
    // what the engine says of bytes that its parser took for something else tells a reader nothing
    const native = error instanceof TypeError || error instanceof RangeError;
    throw described instanceof DataError
      ? described
      : damaged(file, native ? "bytes that cannot be parsed" : (error as Error).message);
  }
}

function damaged(file: string, problem: string): DataError {
  return new DataError(`${file}: file must be Parquet, whole and undamaged, got: ${problem}`);
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

/** Names of a Parquet file's columns. @throws DataError if it cannot be read */
export async function parquetColumns(file: string): Promise<string[]> {
  const source = openParquet(file);
  try {
    const metadata = await orDamaged(file, parquetMetadataAsync(source));
    return parquetSchema(metadata).children.map((child) => child.element.name);
  } finally {
    closeSync(source.handle);
  }
}
