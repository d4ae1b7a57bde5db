import type { ReadLimits } from "../datasets/read-report.js";
import { readTrainingRows } from "../datasets/training-rows.js";
import type { Pool } from "./evaluation-set.js";

/**
 * The training queries that each document of a pool answers, each query once: what a search engine has as clicks. Rows
 * of the training part alone are read, so no validation or test query can come in.
 *
 * Rows and documents are matched by `documents`, all of these columns together; documents alike in all of them share
 * their queries.
 *
 * @param columns.query      column of the training rows that is searched with
 * @param columns.documents  columns that rows and documents share, at least one
 * @returns one text per document, its queries joined by spaces in the order of the rows; "" where none is known
 */
export async function trainingQueriesOf(
  datasetDir: string,
  columns: { query: string; documents: readonly string[] },
  pool: Pool,
  limits: ReadLimits = {},
): Promise<string[]> {
  const { query, documents } = columns;
  const { columns: rows } = await readTrainingRows(datasetDir, "training", [query, ...documents], limits);
  const key = (textOf: (column: string) => string) => JSON.stringify(documents.map(textOf));
  const asked = new Map<string, Set<string>>();
  rows[query]!.forEach((text, row) => {
    const document = key((column) => rows[column]![row]!);
    const known = asked.get(document);
    if (known) known.add(text);
    else asked.set(document, new Set([text]));
  });
  return pool.items.map((item) => [...(asked.get(key((column) => item[column] ?? "")) ?? [])].join(" "));
}
