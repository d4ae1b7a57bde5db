import { readTrainingRows } from "../datasets/training-rows.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { type EvaluationSet, evaluationSet, type Pool, type Row } from "./evaluation-set.js";

/**
 * The validation part as queries with their relevant documents in a pool, for whatever is to be chosen without looking at
 * an evaluation set. Rows with equal query columns are one query; documents are told by `document_id` where the pool's
 * items and the part-files have it as a column, else by the column that names them (all of that name are relevant).
 *
 * @param names.queries    columns of the query side
 * @param names.documents  column that names a document
 * @throws DataError if there is no validation part; RangeError if none of its documents is in the pool
 */
export async function validationQueries(
  datasetDir: string,
  pool: Pool,
  names: { queries: readonly string[]; document: string },
): Promise<EvaluationSet> {
  const byId = await hasColumn(datasetDir, "document_id");
  const key = byId ? "document_id" : names.document;
  const { columns } = await readTrainingRows(datasetDir, "validation", [...names.queries, key]);
  const idsOf = new Map<string, string[]>();
  pool.items.forEach((item, i) => {
    const value = byId ? pool.ids[i]! : (ownEntry(item, key) ?? "");
    idsOf.set(value, [...(idsOf.get(value) ?? []), pool.ids[i]!]);
  });
  const queries = new Map<string, { id: string; fields: Row; relevantIds: string[] }>();
  columns[key]!.forEach((value, row) => {
    const fields = Object.fromEntries(names.queries.map((name) => [name, columns[name]![row]!]));
    const identity = JSON.stringify(fields);
    const query = queries.get(identity) ?? { id: `v${queries.size}`, fields, relevantIds: [] };
    queries.set(identity, query);
    query.relevantIds.push(...(idsOf.get(value) ?? [value]));
  });
  const set = evaluationSet("validation", pool, [...queries.values()]);
  if (set.queries.length === 0)
    throw new UserError(
      `validationQueries: a validation row must name a document of the pool by its ${key}, got none of ${queries.size} queries`,
    );
  return set;
}

async function hasColumn(datasetDir: string, name: string): Promise<boolean> {
  try {
    await readTrainingRows(datasetDir, "validation", [name], { maxRows: 1 });
    return true;
  } catch {
    return false;
  }
}
