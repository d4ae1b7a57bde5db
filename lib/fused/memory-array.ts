import type { WasmMemory } from "../engine/kernels/web-assembly.js";
import { readMoments, writeMoments } from "../engine/tables/packed-moments.js";

/** Floats read at a time, about. */
const pieceFloats = 1 << 16;

/** A named array in the kernels' memory: `count` groups of `width` numbers, `stride` bytes apart. */
export class MemoryArray {
  /** @param slot which of two moments that share a word, see packed-moments.ts; null for plain floats */
  constructor(
    private readonly memory: WasmMemory,
    private readonly at: number,
    private readonly width: number,
    private readonly stride: number,
    private readonly count: number,
    private readonly slot: 0 | 1 | null = null,
  ) {}

  get length(): number {
    return this.width * this.count;
  }

  /** The numbers in order, in pieces that are valid until the next one: nothing is copied as a whole. */
  *pieces(): Generator<Float32Array> {
    const { width, count } = this;
    const most = Math.max(1, Math.floor(pieceFloats / width));
    const piece = new Float32Array(Math.min(most, count) * width);
    for (let from = 0; from < count; from += most) {
      const groups = Math.min(most, count - from);
      for (let i = 0; i < groups; i++) this.readGroup(from + i, piece, i * width);
      yield piece.subarray(0, groups * width);
    }
  }

  /** A copy. */
  read(): Float32Array {
    const out = new Float32Array(this.length);
    let done = 0;
    for (const piece of this.pieces()) {
      out.set(piece, done);
      done += piece.length;
    }
    return out;
  }

  /** Takes in as many numbers as there are. */
  write(values: Float32Array): void {
    const { width } = this;
    for (let i = 0; i < this.count; i++) this.writeGroup(i, values.subarray(i * width, (i + 1) * width));
  }

  fill(value: number): void {
    const values = new Float32Array(this.width).fill(value);
    for (let i = 0; i < this.count; i++) this.writeGroup(i, values);
  }

  /** Lets `visit` see and change each group of plain floats in place. */
  eachGroup(visit: (group: Float32Array, index: number) => void): void {
    for (let i = 0; i < this.count; i++) visit(this.group(i), i);
  }

  private readGroup(i: number, into: Float32Array, at: number): void {
    if (this.slot === null) into.set(this.group(i), at);
    else readMoments(this.ints(i), 0, this.width, this.slot, into, at);
  }

  private writeGroup(i: number, values: Float32Array): void {
    if (this.slot === null) this.group(i).set(values);
    else writeMoments(this.ints(i), 0, this.width, this.slot, values, 0);
  }

  private group(i: number): Float32Array {
    return new Float32Array(this.memory.buffer, this.at + i * this.stride, this.width);
  }

  private ints(i: number): Int32Array {
    return new Int32Array(this.memory.buffer, this.at + i * this.stride, this.width);
  }
}
