import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { parquetRows } from "./parquet.js";

const CHUNK = 1 << 20;
const NEWLINE = 10;

/**
 * Rows of part-files before any is left out: exact for Parquet, lines for the others (a CSV's header and line breaks in
 * its cells count too). For progress, and for schedules that must know about how long a run is.
 *
 * Files that cannot be read count 0.
 */
export async function estimateRows(files: readonly string[]): Promise<number> {
  let rows = 0;
  for (const file of files) {
    try {
      rows += path.extname(file).toLowerCase() === ".parquet" ? await parquetRows(file) : countLines(file);
    } catch {
      // whoever reads the file says what is wrong with it
    }
  }
  return rows;
}

function countLines(file: string): number {
  const handle = openSync(file, "r");
  try {
    const bytes = new Uint8Array(CHUNK);
    let lines = 0;
    let last = NEWLINE;
    for (let size = readSync(handle, bytes); size > 0; size = readSync(handle, bytes)) {
      for (let i = bytes.indexOf(NEWLINE); i >= 0 && i < size; i = bytes.indexOf(NEWLINE, i + 1)) lines++;
      last = bytes[size - 1]!;
    }
    return last === NEWLINE ? lines : lines + 1;
  } finally {
    closeSync(handle);
  }
}
