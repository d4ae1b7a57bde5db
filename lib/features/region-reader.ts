import { UserError } from "../files/user-error.js";
import type { FeatureColumn } from "./batch.js";
import type { ColumnReader } from "./column-reader.js";

/** Regions of one picture: n rows. */
export interface Regions {
  /** [n, dim] */
  features: Float32Array;
  /** [n, 5]: top, left, bottom, right as shares of the picture, and the area */
  boxes: Float32Array;
}

/** Detected regions by key. */
export interface RegionSource {
  readonly dim: number;
  get(key: string): Regions | undefined;
}

/** Reads cells that are keys of region lists; the first `maxRegions` count. A key without regions has none (counted). */
export class RegionReader implements ColumnReader {
  readonly type = "regions";
  private unknown = 0;
  private cut = 0;

  constructor(
    private readonly source: RegionSource,
    private readonly maxRegions: number,
  ) {
    if (!Number.isInteger(maxRegions) || maxRegions < 1)
      throw new UserError(`RegionReader: maxRegions must be a positive integer, got ${maxRegions}`);
  }

  read(cells: readonly string[]): FeatureColumn {
    const { dim } = this.source;
    const maxRegions = this.maxRegions;
    const features = new Float32Array(cells.length * maxRegions * dim);
    const boxes = new Float32Array(cells.length * maxRegions * 5);
    const counts = new Int32Array(cells.length);
    cells.forEach((cell, row) => {
      const regions = this.source.get(cell);
      const found = regions === undefined ? 0 : regions.boxes.length / 5;
      const count = Math.min(found, maxRegions);
      if (count === 0) this.unknown++;
      this.cut += found - count;
      if (regions === undefined) return;
      features.set(regions.features.subarray(0, count * dim), row * maxRegions * dim);
      boxes.set(regions.boxes.subarray(0, count * 5), row * maxRegions * 5);
      counts[row] = count;
    });
    return { kind: "regions", features, boxes, counts, maxRegions, dim };
  }

  counts(): Record<string, number> {
    return { "pictures without regions": this.unknown, "regions beyond the limit": this.cut };
  }
}
