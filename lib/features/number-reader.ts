import { UserError } from "../files/user-error.js";
import type { FeatureColumn } from "./batch.js";
import { type ColumnReader, missingRows } from "./column-reader.js";

export interface NumberOptions {
  /** log: natural logarithm of 1 + value, for prices and counts (values below −1 count as unreadable) */
  scale: "linear" | "log";
  /** taken away after scaling */
  mean: number;
  /** divided by, after scaling and mean; > 0 */
  std: number;
}

/** Reads a number per cell as (scaled − mean) / std. Empty and unreadable cells are missing, counted apart. */
export class NumberReader implements ColumnReader {
  readonly type = "numeric";
  private empty = 0;
  private unreadable = 0;

  constructor(private readonly options: NumberOptions) {
    if (!(options.std > 0)) throw new UserError(`NumberReader: std must be > 0, got ${options.std}`);
  }

  read(cells: readonly string[]): FeatureColumn {
    const { scale, mean, std } = this.options;
    const values = new Float32Array(cells.length);
    const missing = missingRows(cells.length, (row) => {
      const cell = cells[row]!.trim();
      const number = scale === "log" ? Math.log1p(Number(cell)) : Number(cell);
      if (cell === "") this.empty++;
      else if (!Number.isFinite(number)) this.unreadable++;
      else values[row] = (number - mean) / std;
      return cell === "" || !Number.isFinite(number);
    });
    return { kind: "vector", values, dim: 1, ...(missing ? { missing } : {}) };
  }

  counts(): Record<string, number> {
    return { "missing numbers": this.empty, "unreadable numbers": this.unreadable };
  }
}
