import {
  decodeFloat32,
  decodeInt64,
  encodeFloat32,
  encodeInt64,
} from "../../../datasets/images/base64-fields.js";
import { atomicWriteFile } from "../../../files/atomic-write.js";
import { DataError } from "../../../files/data-error.js";
import { readLines } from "../../../files/lines.js";

/** One product shown for one query, as the task's files have it. */
export interface TaskRow {
  productId: string;
  height: number;
  width: number;
  /** [n, 4]: top, left, bottom, right in pixels */
  boxes: Float32Array;
  /** [n, dim]; 2048 in the task */
  features: Float32Array;
  /** [n] object classes */
  classLabels: number[];
  query: string;
  queryId: string;
}

export const taskColumns = [
  "product_id",
  "image_h",
  "image_w",
  "num_boxes",
  "boxes",
  "features",
  "class_labels",
  "query",
  "query_id",
] as const;

export interface TaskReadOptions {
  /** unreadable rows before the reader stops (default 0) */
  maxMalformed?: number;
  /** told one line per unreadable row */
  onMalformed?: (message: string) => void;
}

/**
 * Reads a task file (train.tsv, valid.tsv, testA.tsv, testB.tsv) row by row; the file is never whole in memory.
 *
 * @throws DataError naming file and line for a wrong header, or when more rows than allowed are unreadable
 * @see specs/3-kdd-multimodal-recall.md section 3.1
 */
export function* readTaskRows(file: string, options: TaskReadOptions = {}): Generator<TaskRow> {
  let malformed = 0;
  let header = true;
  for (const { number, text, problem } of readLines(file)) {
    const at = `${file}:${number}`;
    try {
      if (text === null) throw new DataError(`${at}: ${problem}`);
      if (header) {
        header = false;
        if (text.split("\t").join() !== taskColumns.join()) {
          malformed = Number.POSITIVE_INFINITY;
          throw new DataError(`${at}: header must be ${taskColumns.join(", ")}, got ${text.slice(0, 120)}`);
        }
        continue;
      }
      if (text !== "") yield parseRow(text.split("\t"), at);
    } catch (error) {
      malformed++;
      if (!(error instanceof DataError) || malformed > (options.maxMalformed ?? 0)) throw error;
      options.onMalformed?.(error.message);
    }
  }
  if (header) throw new DataError(`${file}: file must begin with a header, got an empty file`);
}

function parseRow(cells: readonly string[], at: string): TaskRow {
  if (cells.length !== taskColumns.length)
    throw new DataError(`${at}: row must have ${taskColumns.length} cells, got ${cells.length}`);
  const integer = (column: number): number => {
    const value = Number(digits(column));
    if (!Number.isSafeInteger(value))
      throw new DataError(`${at}: ${taskColumns[column]} must be below 2^53, got ${cells[column]}`);
    return value;
  };
  // ids stay as they are written: a number would round long ones, and make 0 of a blank
  const digits = (column: number): string => {
    if (!/^\d+$/.test(cells[column]!))
      throw new DataError(`${at}: ${taskColumns[column]} must be an integer ≥ 0, got "${cells[column]}"`);
    return cells[column]!;
  };
  const finite = (values: Float32Array, column: number): Float32Array => {
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong !== -1)
      throw new DataError(
        `${at}: ${taskColumns[column]} must be finite numbers, got ${values[wrong]} at place ${wrong + 1}`,
      );
    return values;
  };
  const count = integer(3);
  const features = finite(decodeFloat32(cells[5]!, `${at}: features`), 5);
  if (count > 0 && features.length % count !== 0)
    throw new DataError(`${at}: features must be ${count} equal rows, got ${features.length} values`);
  return {
    productId: digits(0),
    height: integer(1),
    width: integer(2),
    boxes: finite(decodeFloat32(cells[4]!, `${at}: boxes`, count * 4), 4),
    features,
    classLabels: decodeInt64(cells[6]!, `${at}: class_labels`, count),
    query: cells[7]!,
    queryId: digits(8),
  };
}

/** Writes rows in the task's format, header first, whole or not at all. */
export function writeTaskRows(file: string, rows: readonly TaskRow[]): void {
  const lines = rows.map((row) =>
    [
      row.productId,
      row.height,
      row.width,
      row.boxes.length / 4,
      encodeFloat32(row.boxes),
      encodeFloat32(row.features),
      encodeInt64(row.classLabels),
      row.query.replace(/[\t\n\r]/g, " "),
      row.queryId,
    ].join("\t"),
  );
  atomicWriteFile(file, `${[taskColumns.join("\t"), ...lines].join("\n")}\n`);
}

export function writeClassNames(file: string, names: ReadonlyMap<number, string>): void {
  const lines = [...names].map(([id, name]) => `${id}\t${name}`);
  atomicWriteFile(file, `${["category_id\tcategory_name", ...lines].join("\n")}\n`);
}
