import { emptyRecord } from "../files/own-entry.js";
import type { WordCuts } from "../tokenizer/text-vectorizer.js";
import { encodingOf, type TokenColumn, tokenColumn } from "./token-column.js";

/** Which rows lack a value (1) and which have one (0); absent if none lacks any. */
interface MayLack {
  missing?: Uint8Array;
}

/** One feature of B rows. Ids are 0 for padding (text, lists); categories have no padding row. */
export type FeatureColumn =
  | TextColumn
  | CategoricalColumn
  | CategoryListColumn
  | VectorColumn
  | ImageColumn
  | RegionColumn
  | TokenColumn;

/** ids [B, length]; words: their word boundaries, if the vectoriser has them */
export type TextColumn = { kind: "text"; ids: Int32Array; length: number; words?: WordCuts };
/** ids [B] */
export type CategoricalColumn = { kind: "categorical"; ids: Int32Array } & MayLack;
/** ids [B, length]: several categories a row; 0 = padding */
export type CategoryListColumn = { kind: "categories"; ids: Int32Array; length: number };
/** values [B, dim]; numbers are vectors of one */
export type VectorColumn = { kind: "vector"; values: Float32Array; dim: number } & MayLack;

/** pixels [B, size, size, 3], 0 to 255; to be read as (pixel / 255 − mean) / std per channel */
export type ImageColumn = {
  kind: "image";
  pixels: Uint8Array;
  size: number;
  mean: readonly number[];
  std: readonly number[];
} & MayLack;

/** features [B, maxRegions, dim] and boxes [B, maxRegions, 5]; the first counts[i] regions of row i are real */
export type RegionColumn = {
  kind: "regions";
  features: Float32Array;
  boxes: Float32Array;
  counts: Int32Array;
  maxRegions: number;
  dim: number;
};

/** B rows of named features: what an encoder reads. Also used for whole corpora (then B = number of rows). */
export interface FeatureBatch {
  size: number;
  columns: Record<string, FeatureColumn>;
}

/** The rows `rows` of `source`, in that order, as a new batch (copies). */
export function takeRows(source: FeatureBatch, rows: ArrayLike<number>): FeatureBatch {
  const columns: Record<string, FeatureColumn> = emptyRecord();
  for (const [name, column] of Object.entries(source.columns)) columns[name] = takeColumn(column, rows);
  return { size: rows.length, columns };
}

function takeColumn(column: FeatureColumn, rows: ArrayLike<number>): FeatureColumn {
  switch (column.kind) {
    case "tokens":
      return tokenColumn(Array.from(rows, (row) => encodingOf(column, row)));
    case "text":
    case "categories":
      return { ...column, ids: takeSpans(column.ids, column.length, rows) };
    case "categorical":
      return { ...column, ids: takeSpans(column.ids, 1, rows), ...takeMissing(column, rows) };
    case "vector":
      return { ...column, values: takeSpans(column.values, column.dim, rows), ...takeMissing(column, rows) };
    case "image": {
      const pixels = takeSpans(column.pixels, column.size * column.size * 3, rows);
      return { ...column, pixels, ...takeMissing(column, rows) };
    }
    case "regions":
      return {
        ...column,
        features: takeSpans(column.features, column.maxRegions * column.dim, rows),
        boxes: takeSpans(column.boxes, column.maxRegions * 5, rows),
        counts: takeSpans(column.counts, 1, rows),
      };
  }
}

function takeMissing(column: MayLack, rows: ArrayLike<number>): MayLack {
  return column.missing === undefined ? {} : { missing: takeSpans(column.missing, 1, rows) };
}

/** Spans of `width` values, row after row. */
function takeSpans<T extends Int32Array | Float32Array | Uint8Array>(
  values: T,
  width: number,
  rows: ArrayLike<number>,
): T {
  const out = new (values.constructor as new (length: number) => T)(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * width;
    // short spans copy faster one by one than through subarray
    if (width <= 16) for (let j = 0; j < width; j++) out[i * width + j] = values[from + j]!;
    else out.set(values.subarray(from, from + width), i * width);
  }
  return out;
}
