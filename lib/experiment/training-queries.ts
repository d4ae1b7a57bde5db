import type { ReadLimits } from "../datasets/read-report.js";
import { documentQueries } from "./document-queries.js";
import type { Pool } from "./evaluation-set.js";

/**
 * {@link documentQueries} seen from the documents: the training queries that each document of a pool answers, as one text.
 *
 * @param columns.query      column of the training rows that is searched with
 * @param columns.documents  columns that rows and documents share, at least one
 * @returns one text per document, its queries joined by spaces in the order in which they are first met; "" where none
 *   is known
 */
export async function trainingQueriesOf(
  datasetDir: string,
  columns: { query: string; documents: readonly string[] },
  pool: Pool,
  limits: ReadLimits = {},
): Promise<string[]> {
  const { query, documents } = columns;
  const known = await documentQueries(datasetDir, { queries: [query], documents }, pool, limits);
  const asked = pool.items.map((): string[] => []);
  known.queries.forEach((row, q) => {
    for (const d of known.documents[q]!) asked[d]!.push(row[query]!);
  });
  return asked.map((texts) => texts.join(" "));
}
