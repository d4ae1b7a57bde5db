import path from "node:path";
import { DataError } from "../files/data-error.js";
import { readJsonLines } from "./json-lines.js";

/** A misspelled word as found in real texts. */
export interface Misspelling {
  misspelling: string;
  /** What may have been meant; at least one. */
  corrections: string[];
  /** Lists that have it. */
  sources: string[];
}

/** A search of DL-Typo: as intended, as really typed, and what two spell checkers made of it. */
export interface TypoQuery {
  query_id: string;
  query: string;
  typo: string;
  bing: string;
  pyspellchecker: string;
}

export const misspellingsFile = "misspellings.json";
export const typoQueriesFile = "dl_typo_queries.json";

/** The misspellings of an imported `typos` folder. @throws DataError naming file and line */
export function readMisspellings(folder: string): Misspelling[] {
  const file = path.join(folder, misspellingsFile);
  const { records } = readJsonLines(file, { maxMalformed: 0 });
  for (const [index, record] of records.entries()) {
    const { misspelling, corrections } = record;
    if (typeof misspelling !== "string" || !Array.isArray(corrections) || corrections.length === 0)
      throw new DataError(
        `${file}:${index + 1}: line must have a misspelling and its corrections, got ${JSON.stringify(record)}`,
      );
  }
  return records as unknown as Misspelling[];
}

/** The DL-Typo searches of an imported `typos` folder. @throws DataError naming file and line */
export function readTypoQueries(folder: string): TypoQuery[] {
  const file = path.join(folder, typoQueriesFile);
  const { records } = readJsonLines(file, { maxMalformed: 0 });
  for (const [index, record] of records.entries())
    for (const key of ["query_id", "query", "typo", "bing", "pyspellchecker"])
      if (typeof record[key] !== "string")
        throw new DataError(
          `${file}:${index + 1}: "${key}" must be text, got ${JSON.stringify(record[key])}`,
        );
  return records as unknown as TypoQuery[];
}
