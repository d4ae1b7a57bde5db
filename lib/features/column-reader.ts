import type { FeatureColumn } from "./batch.js";

/** Turns the cells of one feature into a column; keeps count of what it met. */
export interface ColumnReader {
  /** The type declared in the configuration. */
  readonly type: string;
  /** @param cells one per row, "" = empty */
  read(cells: readonly string[]): FeatureColumn;
  /** What was met since the reader was made, by short English phrase, e.g. "missing pictures". */
  counts(): Record<string, number>;
}

/** Rows without a value: undefined when there are none, so that the usual column stays small. */
export function missingRows(count: number, isMissing: (row: number) => boolean): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (let row = 0; row < count; row++)
    if (isMissing(row)) {
      found ??= new Uint8Array(count);
      found[row] = 1;
    }
  return found;
}
