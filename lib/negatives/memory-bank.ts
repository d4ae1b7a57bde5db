import { UserError } from "../files/user-error.js";

/**
 * Cross-batch memory: the last `size` embeddings with the numbers of their documents, first in first out.
 *
 * @see Wang et al. 2020, arXiv:1912.06798
 */
export class MemoryBank {
  private readonly stored: Float32Array;
  private readonly numbers: Int32Array;
  private next = 0;
  private filled = 0;

  /** @throws RangeError unless size and dim are positive integers */
  constructor(
    readonly size: number,
    readonly dim: number,
  ) {
    for (const [name, value] of Object.entries({ size, dim }))
      if (!Number.isInteger(value) || value < 1)
        throw new UserError(`MemoryBank: ${name} must be a positive integer, got ${value}`);
    this.stored = new Float32Array(size * dim);
    this.numbers = new Int32Array(size);
  }

  get count(): number {
    return this.filled;
  }

  /** Numbers of the documents kept, in the order of {@link embeddings}. */
  ids(): Int32Array {
    return this.numbers.slice(0, this.filled);
  }

  /** [count, dim], a copy. */
  embeddings(): Float32Array {
    return this.stored.slice(0, this.filled * this.dim);
  }

  /** Adds rows in place of the oldest; of more rows than fit the last ones stay. */
  add(ids: ArrayLike<number>, embeddings: Float32Array): void {
    for (let i = 0; i < ids.length; i++) {
      this.stored.set(embeddings.subarray(i * this.dim, (i + 1) * this.dim), this.next * this.dim);
      this.numbers[this.next] = ids[i]!;
      this.next = (this.next + 1) % this.size;
      this.filled = Math.min(this.size, this.filled + 1);
    }
  }

  state(): Record<string, Float32Array | Int32Array> {
    return {
      stored: this.stored.slice(),
      ids: this.numbers.slice(),
      place: Int32Array.of(this.next, this.filled),
    };
  }

  restore(state: Record<string, Float32Array | Int32Array>): void {
    this.stored.set(state["stored"]!);
    this.numbers.set(state["ids"]!);
    [this.next, this.filled] = state["place"] as unknown as [number, number];
  }
}
