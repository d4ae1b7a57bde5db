import { DataError } from "../files/data-error.js";
import { readLines } from "../files/lines.js";
import { countMalformed, emptyReadReport, type ReadLimits, type ReadReport } from "./read-report.js";
import { repairText } from "./text-repair.js";

/** A query, a passage that answers it and one that does not. */
export interface Triple {
  query: string;
  positive: string;
  negative: string;
}

export interface TriplesOptions extends ReadLimits {
  /** repair mojibake: UTF-8 decoded as windows-1252 (default true) */
  repair?: boolean;
}

/**
 * Reads training triples: tab-separated query, relevant passage, irrelevant passage; UTF-8, no header.
 *
 * @returns also how many cells were repaired
 * @throws DataError if the file is missing, holds no usable row, or more malformed rows than allowed
 * @see specs: 2-dense-retrieval-course section 3
 */
export function readTriples(
  file: string,
  options: TriplesOptions = {},
): { triples: Triple[]; report: ReadReport; repairedCells: number } {
  const { repair = true, maxRows = null } = options;
  const report = emptyReadReport();
  const triples: Triple[] = [];
  let repairedCells = 0;
  const clean = (cell: string): string => {
    if (!repair) return cell;
    const { text, repaired } = repairText(cell);
    if (repaired > 0) repairedCells++;
    return text;
  };
  for (const { number: line, text, problem } of readLines(file)) {
    if (maxRows !== null && triples.length >= maxRows) break;
    if (text === "") continue;
    const cells = text?.split("\t") ?? [];
    const reason =
      text === null
        ? problem
        : cells.length !== 3
          ? `row must have query, relevant and irrelevant passage with tabs between, got ${cells.length} cells`
          : cells.some((cell) => cell.trim() === "")
            ? "cells must not be empty, got an empty one"
            : null;
    if (reason !== null) {
      countMalformed(report, { file, line, reason }, options);
      continue;
    }
    const [query, positive, negative] = cells.map(clean) as [string, string, string];
    triples.push({ query, positive, negative });
  }
  if (triples.length === 0)
    throw new DataError(
      `${file}: file must hold at least one triple, got 0 (${report.malformed} malformed rows)`,
    );
  report.rows = triples.length;
  return { triples, report, repairedCells };
}
