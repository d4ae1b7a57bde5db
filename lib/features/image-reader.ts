import { UserError } from "../files/user-error.js";
import type { FeatureColumn } from "./batch.js";
import { type ColumnReader, missingRows } from "./column-reader.js";

/** Decoded pictures by cell; null for a cell without one. */
export interface ImageSource {
  /** pixels on each side */
  readonly size: number;
  get(cell: string): Uint8Array | null;
}

/**
 * Reads picture cells from a source that has them decoded. A row without picture is zero and marked missing.
 *
 * @param normalise  per channel; pixels are read as (pixel / 255 − mean) / std
 */
export class ImageReader implements ColumnReader {
  readonly type = "image";
  private without = 0;

  constructor(
    private readonly source: ImageSource,
    private readonly normalise: { mean: readonly number[]; std: readonly number[] },
  ) {
    const { mean, std } = normalise;
    if (mean.length !== 3 || std.length !== 3 || std.some((value) => !(value > 0)))
      throw new UserError(
        `ImageReader: mean and std must be three numbers with std > 0, got [${mean}] and [${std}]`,
      );
  }

  read(cells: readonly string[]): FeatureColumn {
    const { size } = this.source;
    const length = size * size * 3;
    const pixels = new Uint8Array(cells.length * length);
    const missing = missingRows(cells.length, (row) => {
      const picture = this.source.get(cells[row]!);
      if (picture !== null) pixels.set(picture, row * length);
      else this.without++;
      return picture === null;
    });
    return { kind: "image", pixels, size, ...this.normalise, ...(missing ? { missing } : {}) };
  }

  counts(): Record<string, number> {
    return { "missing pictures": this.without };
  }
}
