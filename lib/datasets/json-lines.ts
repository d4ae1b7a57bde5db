import { atomicWriteParts } from "../engine/atomic-write.js";
import { readLines } from "./lines.js";
import { countMalformed, emptyReadReport, type ReadLimits, type ReadReport } from "./read-report.js";

export type JsonRecord = Record<string, unknown>;

/**
 * Calls `use` for the object on each line; blank lines are passed over. A line that is not a JSON object, or for which
 * `use` returns a reason, is counted as malformed and left out.
 *
 * @param use returns why the record cannot be used, or null
 * @throws DataError if the file cannot be read or more than `limits.maxMalformed` lines are malformed
 */
export function forEachJsonLine(
  file: string,
  report: ReadReport,
  limits: ReadLimits,
  use: (record: JsonRecord, line: number) => string | null,
): void {
  const maxRows = limits.maxRows ?? Number.POSITIVE_INFINITY;
  for (const { number, text, problem } of readLines(file)) {
    if (report.rows >= maxRows) return;
    if (text !== null && text.trim() === "") continue;
    const parsed = text === null ? problem : parseObject(text);
    const reason = typeof parsed === "string" ? parsed : use(parsed, number);
    if (reason === null) report.rows++;
    else countMalformed(report, { file, line: number, reason }, limits);
  }
}

/** All records of a JSON-lines file, as they are. */
export function readJsonLines(
  file: string,
  limits: ReadLimits = {},
): { records: JsonRecord[]; report: ReadReport } {
  const records: JsonRecord[] = [];
  const report = emptyReadReport();
  forEachJsonLine(file, report, limits, (record) => {
    records.push(record);
    return null;
  });
  return { records, report };
}

/** Writes one JSON object a line, whole or not at all. Keys keep their order, so equal records give equal bytes. */
export function writeJsonLines(file: string, records: Iterable<object>): void {
  atomicWriteParts(file, jsonLineBlocks(records));
}

function* jsonLineBlocks(records: Iterable<object>): Generator<string> {
  let block = "";
  for (const record of records) {
    block += `${JSON.stringify(record)}\n`;
    if (block.length > 2 ** 20) {
      yield block;
      block = "";
    }
  }
  if (block !== "") yield block;
}

function parseObject(text: string): JsonRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    return `line must be a JSON object, got ${JSON.stringify(shown)}`;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    const kind = value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
    return `line must be a JSON object, got ${kind}`;
  }
  return value as JsonRecord;
}
