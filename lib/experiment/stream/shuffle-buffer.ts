import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";

/**
 * Mixes a stream of flat rows: holds up to `capacity` of them, and every row that comes in drives a random one out. Rows
 * then come out at most about `capacity` places early; how late they may come is geometric. Capacity 0 keeps the order.
 */
export class ShuffleBuffer {
  private readonly rows: Int32Array;
  private held = 0;

  /**
   * @param capacity rows held; memory is capacity · width · 4 bytes
   * @param width    integers per row
   */
  constructor(
    private readonly capacity: number,
    private readonly width: number,
    private readonly random: Random,
  ) {
    if (!Number.isInteger(capacity) || capacity < 0)
      throw new UserError(`ShuffleBuffer: capacity must be an integer ≥ 0, got ${capacity}`);
    this.rows = new Int32Array(capacity * width);
  }

  /**
   * Puts the row at `offset` of `flat` in, and the one that is driven out at `outOffset` of `out`.
   *
   * @returns whether one was driven out
   */
  exchange(flat: Int32Array, offset: number, out: Int32Array, outOffset: number): boolean {
    const { width } = this;
    if (this.capacity === 0) {
      copyRow(flat, offset, out, outOffset, width);
      return true;
    }
    if (this.held < this.capacity) {
      copyRow(flat, offset, this.rows, this.held++ * width, width);
      return false;
    }
    const slot = this.random.int(this.capacity) * width;
    copyRow(this.rows, slot, out, outOffset, width);
    copyRow(flat, offset, this.rows, slot, width);
    return true;
  }

  /** Takes a random one of the rows still held. @returns false when none is left */
  drain(out: Int32Array, outOffset: number): boolean {
    if (this.held === 0) return false;
    const slot = this.random.int(this.held) * this.width;
    copyRow(this.rows, slot, out, outOffset, this.width);
    this.held--;
    copyRow(this.rows, this.held * this.width, this.rows, slot, this.width);
    return true;
  }
}

function copyRow(from: Int32Array, offset: number, to: Int32Array, toOffset: number, width: number): void {
  for (let i = 0; i < width; i++) to[toOffset + i] = from[offset + i]!;
}
