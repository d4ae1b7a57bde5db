import type { ReadLimits } from "../datasets/read-report.js";
import { readTrainingRows } from "../datasets/training-rows.js";
import { ownEntry } from "../files/own-entry.js";
import type { Pool, Row } from "./evaluation-set.js";

/** Known queries and the documents of a pool that answer them. */
export interface DocumentQueries {
  /** Each query once, in the order of the rows. */
  queries: readonly Row[];
  /** Per query the indices of its documents in the pool, each once; none where the pool lacks them. */
  documents: readonly (readonly number[])[];
}

/**
 * The training queries with the documents of a pool that answer them: what a search engine has as clicks. Rows of the
 * training part alone are read, so no validation or test query can come in.
 *
 * Rows and documents are matched by all `documents` columns together; documents alike in all of them share their queries.
 *
 * @param columns.queries    columns of the training rows that make a query
 * @param columns.documents  columns that rows and documents share, at least one
 */
export async function documentQueries(
  datasetDir: string,
  columns: { queries: readonly string[]; documents: readonly string[] },
  pool: Pool,
  limits: ReadLimits = {},
): Promise<DocumentQueries> {
  const wanted = [...new Set([...columns.queries, ...columns.documents])];
  const { columns: rows } = await readTrainingRows(datasetDir, "training", wanted, limits);
  const keyOf = (names: readonly string[], cell: (column: string) => string) =>
    JSON.stringify(names.map(cell));
  const documentsOf = new Map<string, number[]>();
  pool.items.forEach((item, d) => {
    const key = keyOf(columns.documents, (column) => ownEntry(item, column) ?? "");
    const alike = documentsOf.get(key);
    if (alike) alike.push(d);
    else documentsOf.set(key, [d]);
  });
  const slots = new Map<string, number>();
  const queries: Row[] = [];
  const documents: Set<number>[] = [];
  for (let row = 0; row < rows[wanted[0]!]!.length; row++) {
    const key = keyOf(columns.queries, (column) => rows[column]![row]!);
    let slot = slots.get(key);
    if (slot === undefined) {
      slot = queries.length;
      slots.set(key, slot);
      queries.push(Object.fromEntries(columns.queries.map((column) => [column, rows[column]![row]!])));
      documents.push(new Set());
    }
    const document = keyOf(columns.documents, (column) => rows[column]![row]!);
    for (const d of documentsOf.get(document) ?? []) documents[slot]!.add(d);
  }
  return { queries, documents: documents.map((set) => [...set]) };
}
