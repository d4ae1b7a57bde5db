import { DataError } from "../files/data-error.js";
import { emptyRecord, ownEntry } from "../files/own-entry.js";
import { cellProblem, cellText } from "./cells.js";
import { type JsonRecord, jsonLineRows } from "./json-lines.js";
import { emptyReadReport, type ReadLimits, type ReadReport } from "./read-report.js";

/** One search with what it should find. */
export interface EvaluationQuery {
  /** `query_id` of the file, else `q` and the line number. */
  id: string;
  /** Query features by name. */
  fields: Record<string, string>;
  /** All different; may name documents that the pool does not have. */
  relevantIds: string[];
  /** Group under which the query is also reported on its own. */
  slice?: string;
  /** Judged documents with their grades, the irrelevant ones (grade 0) too. Absent = only relevance is known. */
  grades?: Record<string, number>;
}

export interface QueriesOptions extends ReadLimits {
  /** Query fields wanted; null = whatever fields of text or number a line has. Default null. */
  columns?: readonly string[] | null;
}

const ownFields = ["query_id", "relevant_document_ids", "slice", "grades"];

/**
 * Reads evaluation queries, one JSON object a line: the query features, `relevant_document_ids` and, if given,
 * `query_id`, `slice` and `grades`. Relevant ids named twice are used once and counted; of lines with one `query_id`, which
 * is what a query is known by, the first counts and the others are malformed.
 *
 * @throws DataError if the file is missing, has no usable query, lacks a wanted field in every line, or has more
 *   malformed lines than allowed
 * @see specs: 0-qdrl section 3.3
 */
export async function readQueries(
  file: string,
  options: QueriesOptions = {},
): Promise<{ queries: EvaluationQuery[]; report: ReadReport }> {
  const columns = options.columns ?? null;
  const report = emptyReadReport();
  const present = new Set<string>();
  const ids = new Set<string>();
  const queries = [
    ...jsonLineRows(file, report, options, (record, line) => {
      const query = readQuery(record, line, columns, present, report);
      if (typeof query === "string") return query;
      if (ids.has(query.id)) return `each "query_id" must occur once, got "${query.id}" again`;
      ids.add(query.id);
      return query;
    }),
  ];
  if (queries.length === 0)
    throw new DataError(
      `${file}: file must hold at least one query, got 0 (${report.malformed} malformed lines)`,
    );
  for (const name of columns ?? [])
    if (!present.has(name))
      throw new DataError(`${file}: field "${name}" must be present, got no line with it`);
  return { queries, report };
}

/** The line of {@link readQueries} for a query. */
export function queryRecord(query: EvaluationQuery): JsonRecord {
  const record: JsonRecord = {
    query_id: query.id,
    ...query.fields,
    relevant_document_ids: query.relevantIds,
  };
  if (query.slice !== undefined) record["slice"] = query.slice;
  if (query.grades !== undefined) record["grades"] = query.grades;
  return record;
}

function readQuery(
  record: JsonRecord,
  line: number,
  columns: readonly string[] | null,
  present: Set<string>,
  report: ReadReport,
): EvaluationQuery | string {
  const ids = record["relevant_document_ids"];
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string" || typeof id === "number"))
    return `"relevant_document_ids" must be a list of ids, got ${JSON.stringify(ids)?.slice(0, 60)}`;
  const names = columns ?? Object.keys(record).filter((name) => !ownFields.includes(name));
  const fields: Record<string, string> = emptyRecord();
  for (const name of names) {
    if (Object.hasOwn(record, name)) present.add(name);
    const value = ownEntry(record, name);
    const text = cellText(value, name, report);
    if (text === null) return cellProblem(value, name);
    fields[name] = text;
  }
  const relevantIds = [...new Set(ids.map(String))];
  const query: EvaluationQuery = { id: String(record["query_id"] ?? `q${line}`), fields, relevantIds };
  if (record["slice"] !== undefined && record["slice"] !== null) query.slice = String(record["slice"]);
  if (record["grades"] !== undefined && record["grades"] !== null) {
    const grades = readGrades(record["grades"]);
    if (grades === null)
      return `"grades" must be an object of numbers, got ${JSON.stringify(record["grades"]).slice(0, 60)}`;
    query.grades = grades;
  }
  report.repeatedRelevantIds += ids.length - relevantIds.length;
  return query;
}

function readGrades(value: unknown): Record<string, number> | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  for (const grade of Object.values(value))
    if (typeof grade !== "number" || !Number.isFinite(grade)) return null;
  return value as Record<string, number>;
}
