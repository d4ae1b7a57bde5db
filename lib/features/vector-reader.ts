import type { FeatureColumn } from "./batch.js";
import { type ColumnReader, missingRows } from "./column-reader.js";

/** Precomputed vectors by key. */
export interface VectorSource {
  readonly dim: number;
  get(key: string): Float32Array | undefined;
}

/** Reads cells that are keys of precomputed vectors; an unknown key is a missing value. */
export class VectorReader implements ColumnReader {
  private unknown = 0;

  /** @param type  of the features that it reads */
  constructor(
    private readonly source: VectorSource,
    readonly type: "vector" | "pretrained" | "onnx_image" = "vector",
  ) {}

  read(cells: readonly string[]): FeatureColumn {
    const { dim } = this.source;
    const values = new Float32Array(cells.length * dim);
    const missing = missingRows(cells.length, (row) => {
      const vector = this.source.get(cells[row]!);
      if (vector !== undefined) values.set(vector, row * dim);
      else this.unknown++;
      return vector === undefined;
    });
    return { kind: "vector", values, dim, ...(missing ? { missing } : {}) };
  }

  counts(): Record<string, number> {
    return { "missing vectors": this.unknown };
  }
}
