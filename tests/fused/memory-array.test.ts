import { describe, expect, it } from "vitest";
import { wasmApi } from "../../lib/engine/kernels/web-assembly.js";
import { MemoryArray } from "../../lib/fused/memory-array.js";

describe("MemoryArray", () => {
  const memory = new wasmApi.Memory({ initial: 20, maximum: 20, shared: true });
  const [width, rows] = [12, 12_000];
  const values = Float32Array.from({ length: width * rows }, (_, i) => i % 65_536);
  /** Rows of parameters with both moments behind them. */
  const array = (slot: 0 | 1 | null) =>
    new MemoryArray(memory, 64 + (slot === null ? 0 : width * 4), width, width * 8, rows, slot);

  it("gives in pieces, and whole, what was written, beside its neighbours in the same rows", () => {
    array(null).write(values);
    array(0).write(values.map((x) => x % 256)); // bfloat16 has whole numbers up to 256
    array(1).fill(3);
    const pieces = [...array(null).pieces()].map((piece) => piece.length);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.every((length) => length % width === 0)).toBe(true);
    expect(array(null).read()).toEqual(values);
    expect(array(0).read()).toEqual(values.map((x) => x % 256));
    expect(array(1).read()).toEqual(new Float32Array(width * rows).fill(3));
  });

  it("changes plain rows in place", () => {
    array(null).eachGroup((row, i) => row.fill(i));
    expect(array(null).read()).toEqual(values.map((_, i) => Math.floor(i / width)));
    expect(array(1).read()[5]).toBe(3);
  });
});
