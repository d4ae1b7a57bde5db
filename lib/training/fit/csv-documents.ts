import fs from "node:fs";
import path from "node:path";
import { csvRows, firstCsvRecord } from "../../datasets/csv.js";
import { emptyReadReport, type ReadLimits, type ReadReport } from "../../datasets/read-report.js";
import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { readLines } from "../../files/lines.js";
import { UserError } from "../../files/user-error.js";
import type { FitDocument } from "./fit-documents.js";

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
  /** excel: comma, doubled quotes; excel-tab: tabs; unix: as excel; auto (default): `delimiter` */
  dialect?: "auto" | "excel" | "excel-tab" | "unix";
  /**
   * default "auto": of tab, bar, semicolon and comma the first that every record has, outside quotes, which begins in the first
   * 1024 characters
   */
  delimiter?: string;
  encoding?: "utf8" | "utf-8" | "latin1";
  /** the first line names the columns; default "auto": if all of its cells are names that a header would have */
  header?: boolean | "auto";
  /** the first rows only, null = all */
  size?: number | null;
  /** share of the rows that is kept, in (0, 1]; drawn by `seed` (default 0) */
  samplingRate?: number;
  seed?: number;
  /** which cells are pictures: those that look like it (default), none, or the fine-tuner's rule for one side */
  task?: "auto" | "text-to-text" | "text-to-image";
  /** pictures are read at once, so that a missing one is known by its line (default true) */
  convertToBlob?: boolean;
}

/**
 * The layout of rows of so many columns.
 *
 * @throws RangeError for a width that is none
 * @see specs/4-finetuner.md section 8.1, vector csv_kind
 */
export function csvLayout(columns: number, isLabeled = false, where = "csvLayout"): CsvLayout {
  if (columns === 2) return isLabeled ? "labelled" : "query-document pairs";
  if (columns === 3 && !isLabeled) return "pair with score";
  const rule = isLabeled ? "2 columns (text, class)" : "2 columns (query, document) or 3 (with a score)";
  throw new UserError(`${where}: rows must have ${rule}, got ${columns}`);
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
  const { isLabeled = false, relations = "pairs", size = null, samplingRate = 1, seed = 0 } = options;
  const { encoding: named = "utf8", header = "auto", task = "auto", convertToBlob = true } = options;
  if (!(samplingRate > 0 && samplingRate <= 1))
    throw new UserError(`csvDocuments: samplingRate must be in (0, 1], got ${samplingRate}`);
  if (size !== null && !(Number.isInteger(size) && size >= 1))
    throw new UserError(`csvDocuments: size must be a positive integer or null, got ${size}`);
  const encoding = named === "utf-8" ? "utf8" : named;
  const delimiter = delimiterOf(file, { ...options, encoding });
  const { maxMalformed } = options;
  const format = { delimiter, encoding, quotes: true, ...(maxMalformed !== undefined && { maxMalformed }) };
  const first = firstCsvRecord(file, format);
  const { length } = first;
  const layout = csvLayout(length, isLabeled, file);
  const report = emptyReadReport();
  const hasHeader = header === "auto" ? looksLikeHeader(first) : header;
  const names = hasHeader ? null : Array.from({ length }, (_, i) => `column ${i + 1}`);
  const random = new Random(seed);
  const rows: FitDocument[][] = [];
  const scores: number[] = [];
  const folder = path.dirname(file);
  const convert = (cells: readonly string[], line: number) => {
    const usable = usableCells(layout, cells);
    return typeof usable === "string" ? usable : { cells: usable, line };
  };
  for (const { cells, line } of csvRows(file, report, { ...format, header: names, maxRows: size }, convert)) {
    if (samplingRate !== 1 && random.next() >= samplingRate) continue;
    const content = layout === "labelled" ? cells.slice(0, 1) : cells.slice(0, 2);
    const kinds = cellKinds(task, content);
    if (kinds === null)
      throw new DataError(
        `${file}:${line}: a row of task ${task} (auto, text-to-text, text-to-image) must have a text and a picture, got ${content.join(", ")}`,
      );
    const contents = content.map((cell, i) =>
      kinds[i] === "image" ? pictureDocument(cell, folder, `${file}:${line}`, convertToBlob) : { text: cell },
    );
    rows.push(layout === "labelled" ? [...contents, { text: cells[1]! }] : contents);
    if (layout === "pair with score") scores.push(Number(cells[2]));
  }
  if (rows.length === 0) throw new DataError(`${file}: file must have a usable row, got none`);
  return { layout, documents: documentsOf(layout, rows, scores, relations), report };
}

const headerNames =
  /^(text|texts|title|name|sentence|sentence_?[12ab]|text_?[12ab]|query|queries|question|answer|document|documents|doc|passage|product|item|label|labels|class|category|target|finetuner_label|score|similarity|label_score|image|picture|photo|uri|url|path|caption|left|right|anchor|positive|[ab])$/i;

/** Whether a first record names columns: every cell is a name that files give to texts, classes, pictures or scores. */
function looksLikeHeader(cells: readonly string[]): boolean {
  return cells.every((cell) => headerNames.test(cell.trim()));
}

/**
 * What the cells of a row are: text, or pictures by path or address.
 *
 * @returns null for a task that there is none, and for text-to-image and a row that lacks text or picture
 * @see specs/4-finetuner.md section 8.1, vector check_columns
 */
export function cellKinds(
  task: NonNullable<CsvDocumentOptions["task"]>,
  cells: readonly string[],
): ("text" | "image")[] | null {
  if (task === "text-to-text") return cells.map(() => "text");
  const kinds = cells.map((cell) => (isPicture(cell) ? "image" : "text"));
  if (task === "auto" || cells.length === 1) return kinds;
  if (task !== "text-to-image") return null;
  return kinds.includes("image") && kinds.includes("text") ? kinds : null;
}

/** Whether a cell names a picture: a data: address with the bytes, or a name ending in a picture format's. */
export function isPicture(cell: string): boolean {
  return /^data:image\/|^[^\s].*\.(png|jpe?g|webp|svg)$/i.test(cell);
}

/** A picture by its path from the working folder, else from that of the file that names it. */
export function pictureDocument(cell: string, folder: string, where: string, asBytes: boolean): FitDocument {
  if (cell.startsWith("data:")) return { uri: cell, modality: "image" };
  const tried = path.isAbsolute(cell) ? [cell] : [cell, path.join(folder, cell)];
  const uri = tried.find((each) => fs.existsSync(each));
  if (uri === undefined) throw new DataError(`${where}: picture must exist, found no ${tried.join(" or ")}`);
  return asBytes ? { blob: fs.readFileSync(uri), modality: "image" } : { uri, modality: "image" };
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
  rows: readonly FitDocument[][],
  scores: readonly number[],
  relations: NonNullable<CsvDocumentOptions["relations"]>,
): FitDocument[] {
  if (layout === "labelled")
    return rows.map(([item, label]) => ({ ...item!, tags: { finetuner_label: label!.text! } }));
  if (layout === "pair with score")
    return rows.map((chunks, i) => ({ chunks, tags: { finetuner_score: scores[i]! } }));
  if (relations === "pairs") return rows.map((chunks) => ({ chunks }));
  const pairs = rows.map(([query, document]) => {
    if (query!.text === undefined || document!.text === undefined)
      throw new UserError(`csvDocuments: relations ${relations} must be of texts, got a picture`);
    return [query!.text, document!.text] as const;
  });
  const classes = relations === "classes" ? linkedClasses(pairs) : publishedClasses(pairs);
  return classes.map(([text, label]) => ({ text, tags: { finetuner_label: label } }));
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

function delimiterOf(file: string, options: CsvDocumentOptions & { encoding: "utf8" | "latin1" }): string {
  const { dialect = "auto", delimiter = "auto", encoding } = options;
  if (dialect !== "auto") return dialect === "excel-tab" ? "\t" : ",";
  if (delimiter !== "auto") return delimiter;
  const text = beginningOf(file, encoding);
  return DELIMITERS.find((each) => everyRecordHas(text, each)) ?? ",";
}

/** The lines that begin in the first 1024 characters. */
function beginningOf(file: string, encoding: "utf8" | "latin1"): string {
  const lines: string[] = [];
  let length = 0;
  for (const { text } of readLines(file, { encoding })) {
    lines.push(text ?? "");
    length += (text ?? "").length + 1;
    if (length >= 1024) break;
  }
  return lines.join("\n");
}

/** Whether a delimiter stands outside quotes in every record; a quote opens a cell only where a cell begins. */
function everyRecordHas(text: string, delimiter: string): boolean {
  let [found, quoted, begins, empty] = [false, false, true, true];
  for (let at = 0; at <= text.length; at++) {
    const character = text[at] ?? "\n";
    if (quoted) {
      if (character !== '"') {
        if (at === text.length) return true; // cut off inside a quoted cell: what came before decides
        continue;
      }
      if (text[at + 1] === '"') at++;
      else quoted = false;
    } else if (character === '"' && begins) [quoted, begins, empty] = [true, false, false];
    else if (character === "\n") {
      if (!found && !empty) return false;
      [found, begins, empty] = [false, true, true];
    } else {
      if (character === delimiter) found = true;
      begins = DELIMITERS.includes(character);
      empty = false;
    }
  }
  return true;
}
