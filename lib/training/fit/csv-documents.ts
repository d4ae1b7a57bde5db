import { csvRows, firstCsvRecord } from "../../datasets/csv.js";
import { emptyReadReport, type ReadLimits, type ReadReport } from "../../datasets/read-report.js";
import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { readLines } from "../../files/lines.js";
import { UserError } from "../../files/user-error.js";
import type { FitDocument } from "./fit-data.js";

/** What the rows of a file without header are, by their width. */
export type CsvLayout = "labelled" | "query-document pairs" | "pair with score";

export interface CsvDocumentOptions extends ReadLimits {
  /** two columns are a text and its class rather than a query and its document (default false) */
  isLabeled?: boolean;
  /**
   * query–document rows: "pairs", each of them one (default); "classes", texts linked by any rows are one class, each text
   * once; "published", as the fine-tuner made classes (see {@link publishedClasses})
   */
  relations?: "pairs" | "classes" | "published";
  /** default "auto": the first of tab, bar, semicolon and comma that every line has which begins in the first 1024 characters */
  delimiter?: string;
  encoding?: "utf8" | "latin1";
  /** the first rows only, null = all */
  size?: number | null;
  /** share of the rows that is kept, in (0, 1]; drawn by `seed` (default 0) */
  samplingRate?: number;
  seed?: number;
}

/**
 * The layout of rows of so many columns.
 *
 * @throws RangeError for a width that is none
 * @see specs/4-finetuner.md section 8.1, vector csv_kind
 */
export function csvLayout(columns: number, isLabeled = false): CsvLayout {
  if (columns === 2) return isLabeled ? "labelled" : "query-document pairs";
  if (columns === 3 && !isLabeled) return "pair with score";
  const rule = isLabeled ? "2 columns (text, class)" : "2 columns (query, document) or 3 (with a score)";
  throw new UserError(`csvLayout: rows must have ${rule}, got ${columns}`);
}

/**
 * A CSV file without header as documents for {@link documentData}: text and class, query and document, or two texts and
 * their similarity in [0, 1].
 *
 * @returns documents, and what was read and left out
 * @throws RangeError for a width that is no layout or options out of range; DataError as csvRows
 */
export function csvDocuments(
  file: string,
  options: CsvDocumentOptions = {},
): { layout: CsvLayout; documents: FitDocument[]; report: ReadReport } {
  const {
    isLabeled = false,
    relations = "pairs",
    size = null,
    samplingRate = 1,
    seed = 0,
    ...limits
  } = options;
  if (!(samplingRate > 0 && samplingRate <= 1))
    throw new UserError(`csvDocuments: samplingRate must be in (0, 1], got ${samplingRate}`);
  if (size !== null && !(Number.isInteger(size) && size >= 1))
    throw new UserError(`csvDocuments: size must be a positive integer or null, got ${size}`);
  const given = options.delimiter ?? "auto";
  const delimiter = given === "auto" ? sniffDelimiter(file, options.encoding) : given;
  const format = { ...limits, delimiter };
  const { length } = firstCsvRecord(file, format);
  const layout = csvLayout(length, isLabeled);
  const report = emptyReadReport();
  const header = Array.from({ length }, (_, i) => `column ${i + 1}`);
  const random = new Random(seed);
  const rows: string[][] = [];
  const convert = (cells: readonly string[]) => usableCells(layout, cells);
  for (const cells of csvRows(file, report, { ...format, header, maxRows: size }, convert))
    if (samplingRate === 1 || random.next() < samplingRate) rows.push(cells);
  if (rows.length === 0) throw new DataError(`${file}: file must have a usable row, got none`);
  return { layout, documents: documentsOf(layout, rows, relations), report };
}

/** Trimmed cells, or why they cannot be used. */
function usableCells(layout: CsvLayout, cells: readonly string[]): string[] | string {
  const trimmed = cells.map((cell) => cell.trim());
  if (trimmed.includes("")) return `cells must not be empty, got ${JSON.stringify(cells)}`;
  const score = Number(trimmed[2]);
  if (layout === "pair with score" && !(score >= 0 && score <= 1))
    return `score must be in [0, 1], got ${JSON.stringify(cells[2])}`;
  return trimmed;
}

function documentsOf(
  layout: CsvLayout,
  rows: readonly string[][],
  relations: NonNullable<CsvDocumentOptions["relations"]>,
): FitDocument[] {
  const pair = ([left, right]: string[]) => ({ chunks: [{ text: left! }, { text: right! }] });
  const classes = (labelled: readonly (readonly [string, string | number])[]) =>
    labelled.map(([text, label]) => ({ text, tags: { finetuner_label: label } }));
  if (layout === "labelled") return classes(rows.map(([text, label]) => [text!, label!] as const));
  if (layout === "pair with score")
    return rows.map((row) => ({ ...pair(row), tags: { finetuner_score: Number(row[2]) } }));
  if (relations === "pairs") return rows.map(pair);
  const pairs = rows.map(([query, document]) => [query!, document!] as const);
  return classes(relations === "classes" ? linkedClasses(pairs) : publishedClasses(pairs));
}

/**
 * Each text once, in order of appearance, with the number of its class: texts that rows link, directly or over others, are
 * one class.
 */
export function linkedClasses(pairs: readonly (readonly [string, string])[]): [string, number][] {
  const parent = new Map<string, string>();
  const rootOf = (text: string): string => {
    let root = text;
    while (parent.get(root) !== root) root = parent.get(root)!;
    for (let at = text; at !== root; ) {
      const next = parent.get(at)!;
      parent.set(at, root);
      at = next;
    }
    return root;
  };
  for (const [query, document] of pairs) {
    for (const text of [query, document]) if (!parent.has(text)) parent.set(text, text);
    parent.set(rootOf(document), rootOf(query));
  }
  const numbers = new Map<string, number>();
  return [...parent.keys()].map((text) => {
    const root = rootOf(text);
    if (!numbers.has(root)) numbers.set(root, numbers.size);
    return [text, numbers.get(root)!];
  });
}

/**
 * Classes as the fine-tuner made them: a new query opens a class and gives both texts, a known one gives its document only,
 * a row of two known texts gives nothing. So a document of two queries stands in two classes, and a row that links two
 * classes is lost; {@link linkedClasses} mends both.
 *
 * @see specs/4-finetuner.md quirk 3, vector csv_query_document_relations
 */
export function publishedClasses(pairs: readonly (readonly [string, string])[]): [string, number][] {
  const labels = new Map<string, number>();
  const known = new Set<string>();
  const out: [string, number][] = [];
  for (const [query, document] of pairs) {
    const label = labels.get(query);
    if (label !== undefined && known.has(document)) continue;
    if (label === undefined) out.push([query, labels.size]);
    out.push([document, label ?? labels.size]);
    if (label === undefined) labels.set(query, labels.size);
    known.add(document);
  }
  return out;
}

/** Rarest in texts first. */
const DELIMITERS = ["\t", "|", ";", ","];

/** The first of {@link DELIMITERS} that every line has which begins in the first 1024 characters; a comma if none does. */
function sniffDelimiter(file: string, encoding: "utf8" | "latin1" = "utf8"): string {
  const lines: string[] = [];
  let length = 0;
  for (const { text } of readLines(file, { encoding })) {
    if (text) lines.push(text);
    length += (text ?? "").length + 1;
    if (length >= 1024) break;
  }
  return DELIMITERS.find((delimiter) => lines.every((line) => line.includes(delimiter))) ?? ",";
}
