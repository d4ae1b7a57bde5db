import { DataError } from "../files/data-error.js";
import { ownEntry } from "../files/own-entry.js";

/** One row that could not be used. */
export interface MalformedRow {
  file: string;
  /** Line in text files, row (both from 1) in Parquet. */
  line: number;
  reason: string;
}

/** What a reader met. Plain data: goes into manifests and logs as it is. */
export interface ReadReport {
  /** Rows handed on. */
  rows: number;
  /** Rows left out, and the first ten of them. */
  malformed: number;
  malformedExamples: MalformedRow[];
  /** Empty cells per column (null, absent, NaN); they are read as "". */
  nullCells: Record<string, number>;
  /** Cells per column that were numbers, booleans or dates and were written out as text. */
  convertedCells: Record<string, number>;
  /** Earlier rows dropped because a later one had the same document id. */
  duplicateIds: number;
  /** Ids named twice among the relevant ones of a query; each is used once. */
  repeatedRelevantIds: number;
  /** Lines of tab-separated files with a cell that begins with `"`, which was kept as text: nothing said that it quotes. */
  unreadQuotes: number;
  /** Part-files left out because of `onError: "skip"`. */
  skippedFiles: { file: string; reason: string }[];
}

export interface ReadLimits {
  /** Malformed rows allowed, over all files together, before reading stops with an error. Default 100. */
  maxMalformed?: number;
  /** Malformed rows of the files read before, which count against `maxMalformed` too. Default 0. */
  malformedBefore?: number;
  /** A part-file that cannot be read at all: stop, or leave it out and say so. Default "fail". */
  onError?: "fail" | "skip";
  /** Row limit, null = all. */
  maxRows?: number | null;
}

export const defaultMaxMalformed = 100;

export function emptyReadReport(): ReadReport {
  return {
    rows: 0,
    malformed: 0,
    malformedExamples: [],
    nullCells: {},
    convertedCells: {},
    duplicateIds: 0,
    repeatedRelevantIds: 0,
    unreadQuotes: 0,
    skippedFiles: [],
  };
}

/**
 * Counts a row that is left out.
 *
 * @throws DataError once more than `maxMalformed` rows were
 */
export function countMalformed(report: ReadReport, row: MalformedRow, limits: ReadLimits): void {
  const maxMalformed = limits.maxMalformed ?? defaultMaxMalformed;
  report.malformed++;
  if (report.malformedExamples.length < 10) report.malformedExamples.push(row);
  const total = report.malformed + (limits.malformedBefore ?? 0);
  if (total <= maxMalformed) return;
  const first = report.malformedExamples[0]!;
  const firstLine = `${first.file}:${first.line}: ${first.reason}`;
  throw new DataError(
    maxMalformed === 0
      ? firstLine
      : `${row.file}: at most ${maxMalformed} malformed rows are allowed, got ${total}; the first here is ${firstLine}`,
  );
}

/** The report of several files as one. */
export function mergeReports(reports: readonly ReadReport[]): ReadReport {
  const merged = emptyReadReport();
  for (const report of reports) {
    merged.rows += report.rows;
    merged.malformed += report.malformed;
    merged.duplicateIds += report.duplicateIds;
    merged.repeatedRelevantIds += report.repeatedRelevantIds;
    merged.unreadQuotes += report.unreadQuotes;
    merged.skippedFiles.push(...report.skippedFiles);
    for (const row of report.malformedExamples)
      if (merged.malformedExamples.length < 10) merged.malformedExamples.push(row);
    addCounts(merged.nullCells, report.nullCells);
    addCounts(merged.convertedCells, report.convertedCells);
  }
  return merged;
}

/** One line per thing worth knowing; none if all was well. */
export function describeReport(report: ReadReport): string[] {
  const lines: string[] = [];
  if (report.malformed > 0) {
    const examples = report.malformedExamples.map((row) => `${row.file}:${row.line}: ${row.reason}`);
    const more = report.malformed > examples.length ? `; and ${report.malformed - examples.length} more` : "";
    lines.push(`${report.malformed} malformed rows left out: ${examples.join("; ")}${more}`);
  }
  for (const [column, count] of Object.entries(report.nullCells))
    lines.push(`${count} empty cells in column "${column}", read as empty text`);
  for (const [column, count] of Object.entries(report.convertedCells))
    lines.push(`${count} cells in column "${column}" were not text and were written out`);
  if (report.duplicateIds > 0)
    lines.push(`${report.duplicateIds} repeated document ids, the last row of each is kept`);
  if (report.repeatedRelevantIds > 0)
    lines.push(`${report.repeatedRelevantIds} relevant ids were named twice by a query, each is used once`);
  if (report.unreadQuotes > 0)
    lines.push(
      `${report.unreadQuotes} lines with a cell that begins with a quote, kept as text; \`quotes: true\` in the mapping reads them as quoted`,
    );
  for (const { reason } of report.skippedFiles) lines.push(`part-file left out: ${reason}`);
  return lines;
}

export function addCounts(into: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(from)) into[key] = (ownEntry(into, key) ?? 0) + count;
}
