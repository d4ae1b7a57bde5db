import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import path from "node:path";
import { DataError, describeFileError } from "../files/data-error.js";
import type { TextColumns } from "./parquet.js";
import { countMalformed, type ReadLimits, type ReadReport } from "./read-report.js";

/** Columns of a document in a file of its own. */
export const textFileColumns: readonly string[] = ["id", "title", "text"];

/**
 * A file of plain text as one row: its name without the ending, its first line, and all of it, white space as single spaces.
 * Bytes that are no UTF-8 are taken for Latin-1. A file without a letter or digit is a malformed row.
 *
 * @throws DataError if it cannot be read, or for a column that is none of {@link textFileColumns}
 */
export function* textFileRow(
  file: string,
  columns: readonly string[],
  limits: ReadLimits,
  report: ReadReport,
): Generator<TextColumns> {
  const wrong = columns.find((column) => !textFileColumns.includes(column));
  if (wrong !== undefined)
    throw new DataError(
      `${file}: column "${wrong}" must be one of ${textFileColumns.join(", ")} in a file of text`,
    );
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw describeFileError(file, error);
  }
  const whole = bytes.toString(isUtf8(bytes) ? "utf8" : "latin1").trim(); // a byte-order mark is white space
  if (!/[\p{L}\p{N}]/u.test(whole)) {
    countMalformed(report, { file, line: 1, reason: "must hold words, got none" }, limits);
    yield Object.fromEntries(columns.map((column) => [column, []]));
    return;
  }
  const row: Record<string, string> = {
    id: path.basename(file, path.extname(file)),
    title: whole.split(/\r?\n/, 1)[0]!.trim(),
    text: whole.replace(/\s+/g, " "),
  };
  report.rows++;
  yield Object.fromEntries(columns.map((column) => [column, [row[column]!]]));
}
