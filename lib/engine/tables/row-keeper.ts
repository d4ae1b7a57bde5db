import { wasmHeap } from "../wasm-heap.js";
import type { EmbeddingTable, RowKeeper } from "./embedding-table.js";
import { heapCatchUp } from "./heap-table.js";
import { roundingSeed, UnpackedRow } from "./packed-moments.js";
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
    const stale: number[] = [];
    const since: number[] = [];
    for (let i = 0; i < ids.length; i++) this.list(ids[i]!, stale, since);
    this.catchUp(stale, since);
  }

  synchronise(): void {
    if (this.synchronisedAt === this.step) return;
    const { rows } = this.table;
    for (let start = 0; start < rows; start += 65_536) {
      const stale: number[] = [];
      const since: number[] = [];
      for (let row = start; row < Math.min(rows, start + 65_536); row++) this.list(row, stale, since);
      this.catchUp(stale, since);
    }
    this.synchronisedAt = this.step;
  }

  /** Puts `row` on the lists if it has missed steps, and marks it as current. */
  private list(row: number, stale: number[], since: number[]): void {
    const from = this.currentThrough[row]!;
    if (from === this.step || (from === never && !this.drift.movesRowsWithoutState)) return;
    stale.push(row);
    since.push(Math.max(from, 0));
    this.currentThrough[row] = this.step;
  }

  private catchUp(stale: readonly number[], since: readonly number[]): void {
    if (stale.length === 0) return;
    const heap = wasmHeap();
    const place = this.table.heapRows(heap);
    if (heap && place) {
      heapCatchUp(heap, place, this.drift, stale, since, this.step);
      return;
    }
    const { values, stride, dim } = this.table;
    if (this.table.packed) {
      const ints = this.table.ints;
      const seed = roundingSeed(this.step, "catchUp");
      const unpacked = new UnpackedRow(dim);
      stale.forEach((row, i) => {
        unpacked.load(ints, row * stride);
        this.drift.catchUp(unpacked.values, 0, dim, dim, dim, since[i]!);
        unpacked.store(ints, row * stride, row, seed);
      });
      return;
    }
    stale.forEach((row, i) => {
      this.drift.catchUp(values, row * stride, row * stride + dim, dim, dim, since[i]!);
    });
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
