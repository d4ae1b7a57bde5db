import type { EmbeddingTable, RowKeeper } from "./embedding-table.js";
import type { RowDrift } from "./update-rule.js";

const never = -1;

/** Catches rows of one table up with the steps they missed, when they are read or all at once. */
export class DriftKeeper implements RowKeeper {
  private readonly currentThrough: Int32Array; // per row; never = no gradient so far
  private synchronisedAt = 0;

  /** @param step the step that all rows are current through */
  constructor(
    private readonly table: EmbeddingTable,
    private readonly drift: RowDrift,
    private step: number,
  ) {
    this.currentThrough = new Int32Array(table.rows).fill(never);
    this.synchronisedAt = step;
    if (step > 0) this.markRowsWithState();
  }

  /** Tells the keeper that update `step` was made and that exactly `rows` took part in it. */
  advance(rows: Int32Array, step: number): void {
    this.step = step;
    for (let i = 0; i < rows.length; i++) this.currentThrough[rows[i]!] = step;
  }

  touch(ids: Int32Array): void {
    for (let i = 0; i < ids.length; i++) this.catchUp(ids[i]!);
  }

  synchronise(): void {
    if (this.synchronisedAt === this.step) return;
    for (let row = 0; row < this.table.rows; row++) this.catchUp(row);
    this.synchronisedAt = this.step;
  }

  private catchUp(row: number): void {
    let from = this.currentThrough[row]!;
    if (from === this.step) return;
    if (from === never) {
      if (!this.drift.movesRowsWithoutState) return;
      from = 0;
    }
    const { values, stride, dim } = this.table;
    this.drift.catchUp(values, row * stride, row * stride + dim, dim, dim, from);
    this.currentThrough[row] = this.step;
  }

  private markRowsWithState(): void {
    const { values, stride, dim, rows } = this.table;
    for (let row = 0; row < rows; row++) {
      let active = this.drift.movesRowsWithoutState;
      for (let i = row * stride + dim; !active && i < (row + 1) * stride; i++) active = values[i] !== 0;
      if (active) this.currentThrough[row] = this.step;
    }
  }
}
