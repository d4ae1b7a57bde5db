import { atomicWriteParts } from "../files/atomic-write.js";
import { readLines } from "../files/lines.js";
import { exactJson } from "./exact-json.js";
import { countMalformed, emptyReadReport, type ReadLimits, type ReadReport } from "./read-report.js";

export type JsonRecord = Record<string, unknown>;

/**
 * What `convert` makes of the object on each line; blank lines are passed over. A line that is not a JSON object, or for
 * which `convert` gives a text (why it cannot be used), is counted as malformed and left out.
 *
 * @throws DataError if the file cannot be read or more than `limits.maxMalformed` lines are malformed
 */
export function* jsonLineRows<T extends object>(
  file: string,
  report: ReadReport,
  limits: ReadLimits,
  convert: (record: JsonRecord, line: number) => T | string,
): Generator<T> {
  const maxRows = limits.maxRows ?? Number.POSITIVE_INFINITY;
  let rows = 0;
  for (const { number, text, problem } of readLines(file)) {
    if (rows >= maxRows) return;
    if (text !== null && text.trim() === "") continue;
    const parsed = text === null ? problem : parseObject(text);
    const row = typeof parsed === "string" ? parsed : convert(parsed, number);
    if (typeof row === "string") {
      countMalformed(report, { file, line: number, reason: row }, limits);
      continue;
    }
    rows++;
    report.rows++;
    yield row;
  }
}

/** All records of a JSON-lines file, as they are, and the line (from 1) that each stands on. */
export function readJsonLines(
  file: string,
  limits: ReadLimits = {},
): { records: JsonRecord[]; lines: number[]; report: ReadReport } {
  const report = emptyReadReport();
  const lines: number[] = [];
  const records = [
    ...jsonLineRows(file, report, limits, (record, line) => {
      lines.push(line);
      return record;
    }),
  ];
  return { records, lines, report };
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
    value = exactJson(text);
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
