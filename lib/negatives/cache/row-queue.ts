/**
 * Rows 0 … size − 1 in an order of their own, at first by number: a doubly linked list, so that a move costs the same at
 * any size.
 */
export class RowQueue {
  /** neighbours of each row; place `size` is before the first and behind the last */
  private readonly before: Int32Array;
  private readonly behind: Int32Array;

  constructor(private readonly size: number) {
    this.before = Int32Array.from({ length: size + 1 }, (_, row) => (row === 0 ? size : row - 1));
    this.behind = Int32Array.from({ length: size + 1 }, (_, row) => (row === size ? 0 : row + 1));
  }

  /** The first `count` rows, at most `size`. */
  first(count: number): Int32Array {
    const rows = new Int32Array(count);
    for (let i = 0, row = this.behind[this.size]!; i < count; i++, row = this.behind[row]!) rows[i] = row;
    return rows;
  }

  /** Moves rows behind all others, in the order given. */
  toEnd(rows: Iterable<number>): void {
    const { size } = this;
    for (const row of rows) {
      this.join(this.before[row]!, this.behind[row]!);
      this.join(this.before[size]!, row);
      this.join(row, size);
    }
  }

  private join(first: number, second: number): void {
    this.behind[first] = second;
    this.before[second] = first;
  }
}
