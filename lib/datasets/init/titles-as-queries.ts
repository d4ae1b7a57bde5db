import { readTrainingRows } from "../training-rows.js";

/** Pairs that are looked at. */
const MOST_PAIRS = 10_000;

/** What tells whether titles are what people would type. */
export interface TitlesAsQueries {
  /** mean words of a training query */
  queryWords: number;
  /** mean words of its document's title */
  titleWords: number;
  /** whether titles are at most half as long again as queries */
  fit: boolean;
}

/**
 * Compares the titles of a data set with its training queries. Titles as queries of their own documents help where people type
 * such texts (films, scientific claims) and lose where titles are long and queries short (product names): the border
 * is set between the data sets that were measured, reports/LOG.md, 2026-11-29.
 *
 * @throws DataError if the training pairs cannot be read
 */
export async function titlesAsQueries(datasetDir: string): Promise<TitlesAsQueries> {
  const { columns } = await readTrainingRows(
    datasetDir,
    "training",
    ["query_search_phrase", "document_name"],
    { maxRows: MOST_PAIRS },
  );
  const queryWords = meanWords(columns["query_search_phrase"]!);
  const titleWords = meanWords(columns["document_name"]!);
  return { queryWords, titleWords, fit: titleWords > 0 && titleWords <= 1.5 * queryWords };
}

function meanWords(texts: readonly string[]): number {
  const words = texts.reduce((sum, text) => sum + text.split(/\s+/).filter((word) => word !== "").length, 0);
  return words / texts.length;
}
