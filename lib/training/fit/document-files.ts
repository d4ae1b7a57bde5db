import fs from "node:fs";
import path from "node:path";
import { readJsonLines } from "../../datasets/json-lines.js";
import { parquetColumns } from "../../datasets/parquet.js";
import { readPartFile } from "../../datasets/part-files.js";
import { DataError } from "../../files/data-error.js";
import { ownEntry } from "../../files/own-entry.js";
import {
  type CsvDocumentOptions,
  cellKinds,
  csvDocuments,
  csvLayout,
  pictureDocument,
} from "./csv-documents.js";
import type { FitDocument } from "./fit-documents.js";

/** Files that {@link readDocumentFile} reads, by ending. */
export const DOCUMENT_FILES = [".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet"];

/** Whether a name is that of a file of documents. */
export function isDocumentFile(name: string): boolean {
  return DOCUMENT_FILES.includes(path.extname(name).toLowerCase());
}

/**
 * Documents from a file: CSV and its kin as {@link csvDocuments}; JSON lines that are documents (`text`, `uri`, `chunks`,
 * `matches`, `tags`) as they are; JSON lines and Parquet of other keys by their columns, in order: text and class (with
 * isLabeled), query and document, or two sides and a score. A single column is texts without labels.
 *
 * @throws DataError naming file and line, UserError for options that the kind of file does not have
 */
export async function readDocumentFile(
  file: string,
  options: CsvDocumentOptions = {},
): Promise<FitDocument[]> {
  if (!fs.existsSync(file)) throw new DataError(`${file}: must exist, found none`);
  const kind = path.extname(file).toLowerCase();
  if (kind === ".parquet") {
    const names = await parquetColumns(file);
    const { columns } = await readPartFile(file, names, {});
    const rows = columns[names[0]!]!.map((_, row) => names.map((name) => columns[name]![row]!));
    return fromRows(file, rows, options);
  }
  if (kind === ".csv" || kind === ".tsv" || kind === ".txt") {
    const tabs = kind === ".tsv" && options.delimiter === undefined && { delimiter: "\t" };
    return csvDocuments(file, { ...options, ...tabs }).documents;
  }
  const { records, lines } = readJsonLines(file, {});
  if (records.length === 0) throw new DataError(`${file}: file must have a document, got none`);
  if (Object.keys(records[0]!).every((key) => documentKeys.includes(key)))
    return limited(
      records.map((record, i) => withPictures(record, file, lines[i]!, options)),
      options,
    );
  const names = Object.keys(records[0]!);
  return fromRows(
    file,
    records.map((record) => names.map((name) => String(ownEntry(record, name) ?? ""))),
    options,
  );
}

/** Keys of {@link FitDocument}; a record with any other is a row of columns. */
const documentKeys = ["id", "text", "uri", "modality", "tags", "matches", "chunks"];

function limited<T>(rows: T[], { size = null }: CsvDocumentOptions): T[] {
  return size === null ? rows : rows.slice(0, size);
}

/** Pictures of a document, its chunks and matches as they are found from the file's folder. */
function withPictures(
  record: Record<string, unknown>,
  file: string,
  line: number,
  options: CsvDocumentOptions,
): FitDocument {
  const { uri, chunks, matches } = record as FitDocument;
  const inner = (list: readonly FitDocument[] | undefined) =>
    list?.map((one) => withPictures(one as Record<string, unknown>, file, line, options));
  const picture =
    uri === undefined
      ? {}
      : pictureDocument(uri, path.dirname(file), `${file}:${line}`, options.convertToBlob ?? true);
  const { uri: _uri, ...rest } = record as FitDocument;
  const [own, found] = [inner(chunks), inner(matches)];
  const { modality, ...bytes } = picture as FitDocument;
  return {
    ...rest,
    ...bytes,
    ...(modality !== undefined && rest.text === undefined && { modality }),
    ...(own && { chunks: own }),
    ...(found && { matches: found }),
  };
}

/** Rows of cells as {@link csvDocuments} takes them. */
function fromRows(file: string, rows: string[][], options: CsvDocumentOptions): FitDocument[] {
  const { isLabeled = false, task = "auto", convertToBlob = true } = options;
  const width = rows[0]?.length ?? 0;
  const content = (cell: string, line: number): FitDocument =>
    cellKinds(task, [cell])![0] === "image"
      ? pictureDocument(cell, path.dirname(file), `${file}:${line}`, convertToBlob)
      : { text: cell };
  const kept = limited(rows, options);
  if (width === 1) return kept.map(([cell], i) => content(cell!, i + 1));
  const layout = csvLayout(width, isLabeled);
  return kept.map(([left, right, score], i) => {
    if (layout === "labelled") return { ...content(left!, i + 1), tags: { finetuner_label: right! } };
    const chunks = [content(left!, i + 1), content(right!, i + 1)];
    if (layout !== "pair with score") return { chunks };
    const value = Number(score);
    if (!(value >= 0 && value <= 1))
      throw new DataError(`${file}:${i + 1}: score must be in [0, 1], got ${JSON.stringify(score)}`);
    return { chunks, tags: { finetuner_score: value } };
  });
}
