import { DataError } from "../files/data-error.js";
import { emptyRecord, ownEntry } from "../files/own-entry.js";
import { cellProblem, cellText } from "./cells.js";
import { type JsonRecord, jsonLineRows } from "./json-lines.js";
import { emptyReadReport, type ReadLimits, type ReadReport } from "./read-report.js";

export interface ItemsOptions extends ReadLimits {
  /** Fields wanted of every document; null = whatever fields of text or number a line has. Default null. */
  columns?: readonly string[] | null;
}

/** The candidate pool: what is searched. */
export interface Items {
  /** One record per document, in file order; row = the document's index. */
  items: Record<string, string>[];
  /** `document_id` of each row, all different. */
  ids: string[];
  report: ReadReport;
}

const idField = "document_id";

/**
 * Reads the candidate pool, one JSON object a line. A repeated `document_id` keeps its last line, at that line's place;
 * the earlier ones are dropped and counted (the original left them in the pool without an id).
 *
 * @throws DataError if the file is missing, has no usable document, lacks a wanted field in every line, or has more
 *   malformed lines than allowed
 * @see specs: 0-qdrl section 3.2
 */
export async function readItems(file: string, options: ItemsOptions = {}): Promise<Items> {
  const columns = options.columns ?? null;
  const report = emptyReadReport();
  const present = new Set<string>();
  const rows = jsonLineRows(file, report, options, (record) => {
    const id = documentId(record[idField]);
    if (id === null)
      return `"${idField}" must be text that is not empty, got ${JSON.stringify(record[idField])}`;
    const item =
      columns === null ? everyField(record, report) : wantedFields(record, columns, present, report);
    if (typeof item !== "string") item[idField] = id;
    return item;
  });
  const read = [...rows];
  if (read.length === 0)
    throw new DataError(
      `${file}: file must hold at least one document, got 0 (${report.malformed} malformed lines)`,
    );
  for (const name of columns ?? [])
    if (name !== idField && !present.has(name))
      throw new DataError(`${file}: field "${name}" must be present, got no line with it`);
  const items = keepLast(read);
  report.duplicateIds = read.length - items.length;
  report.rows = items.length;
  return { items, ids: items.map((item) => item[idField]!), report };
}

function keepLast(read: readonly Record<string, string>[]): Record<string, string>[] {
  const last = new Map<string, number>();
  for (let row = 0; row < read.length; row++) last.set(read[row]![idField]!, row);
  return last.size === read.length ? [...read] : read.filter((item, row) => last.get(item[idField]!) === row);
}

function documentId(value: unknown): string | null {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

function everyField(record: JsonRecord, report: ReadReport): Record<string, string> {
  const item: Record<string, string> = emptyRecord();
  for (const [name, value] of Object.entries(record)) {
    if (name === idField || (typeof value === "object" && value !== null)) continue;
    item[name] = cellText(value, name, report) ?? "";
  }
  return item;
}

function wantedFields(
  record: JsonRecord,
  columns: readonly string[],
  present: Set<string>,
  report: ReadReport,
): Record<string, string> | string {
  const item: Record<string, string> = emptyRecord();
  for (const name of columns) {
    if (name === idField) continue;
    if (Object.hasOwn(record, name)) present.add(name);
    const value = ownEntry(record, name);
    const text = cellText(value, name, report);
    if (text === null) return cellProblem(value, name);
    item[name] = text;
  }
  return item;
}
