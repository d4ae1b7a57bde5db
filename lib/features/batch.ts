/** One feature of B rows. Ids are 0 for padding (text); categories have no padding row. */
export type FeatureColumn =
  | { kind: "text"; ids: Int32Array; length: number } // ids [B, length]
  | { kind: "categorical"; ids: Int32Array } // ids [B]
  | { kind: "vector"; values: Float32Array; dim: number }; // values [B, dim]

/** B rows of named features: what an encoder reads. Also used for whole corpora (then B = number of rows). */
export interface FeatureBatch {
  size: number;
  columns: Record<string, FeatureColumn>;
}

/** The rows `rows` of `source`, in that order, as a new batch (copies). */
export function takeRows(source: FeatureBatch, rows: ArrayLike<number>): FeatureBatch {
  const columns: Record<string, FeatureColumn> = {};
  for (const [name, column] of Object.entries(source.columns)) columns[name] = takeColumn(column, rows);
  return { size: rows.length, columns };
}

function takeColumn(column: FeatureColumn, rows: ArrayLike<number>): FeatureColumn {
  if (column.kind === "vector") {
    const values = new Float32Array(rows.length * column.dim);
    for (let i = 0; i < rows.length; i++)
      values.set(column.values.subarray(rows[i]! * column.dim, (rows[i]! + 1) * column.dim), i * column.dim);
    return { kind: "vector", values, dim: column.dim };
  }
  const width = column.kind === "text" ? column.length : 1;
  const ids = new Int32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * width;
    for (let j = 0; j < width; j++) ids[i * width + j] = column.ids[from + j]!;
  }
  return column.kind === "text" ? { kind: "text", ids, length: column.length } : { kind: "categorical", ids };
}
