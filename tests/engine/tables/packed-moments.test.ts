import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import {
  momentOf,
  roundingSeed,
  UnpackedRow,
  withMoment,
} from "../../../lib/engine/tables/packed-moments.js";

const bits = new DataView(new ArrayBuffer(4));

/** The number with these 16 upper bits. */
function bfloat(upper: number): number {
  bits.setUint32(0, upper * 65_536);
  return bits.getFloat32(0);
}

/** The bfloat16 numbers on both sides of x > 0. */
function neighbours(x: number): [number, number] {
  bits.setFloat32(0, x);
  const upper = bits.getUint16(0);
  return [bfloat(upper), bfloat(upper + 1)];
}

/** What a row's moments become when they are put away and fetched again. */
function rounded(first: Float32Array, second: Float32Array, row: number, seed: number): Float32Array {
  const dim = first.length;
  const unpacked = new UnpackedRow(dim);
  unpacked.values.set([...new Array(dim).fill(0), ...first, ...second]);
  const table = new Int32Array(2 * dim);
  unpacked.store(table, 0, row, seed);
  const again = new UnpackedRow(dim);
  again.load(table, 0);
  return again.values.slice(dim);
}

describe("UnpackedRow", () => {
  it("rounds to a neighbour, up as often as the number lies above the lower one, of either sign", () => {
    const dim = 4096;
    for (const [x, y] of [
      [-1.0025, 0.3],
      [7e-9, 1.1e-12],
      [-3.7e4, 5e8],
    ] as const) {
      const got = rounded(new Float32Array(dim).fill(x), new Float32Array(dim).fill(y), 5, 77);
      [x, y].forEach((value, slot) => {
        const moments = got.subarray(slot * dim, (slot + 1) * dim).map(Math.abs);
        const [low, high] = neighbours(Math.abs(Math.fround(value)));
        expect(new Set(moments)).toEqual(new Set([low, high]));
        const mean = moments.reduce((sum, m) => sum + m, 0) / dim;
        // five standard errors of a coin between the two
        expect(Math.abs(mean - Math.abs(value))).toBeLessThan((5 * 0.5 * (high - low)) / Math.sqrt(dim));
      });
    }
  });

  it("keeps zeros and numbers that bfloat16 has, and the parameters' bits", () => {
    const exact = Float32Array.from({ length: 64 }, (_, i) => bfloat(0x3000 + 97 * i));
    const unpacked = new UnpackedRow(64);
    unpacked.values.set([...exact.map((x) => x / 3), ...exact.map((x) => -x), ...exact]);
    unpacked.values[64] = unpacked.values[128] = 0;
    const before = unpacked.values.slice();
    const table = new Int32Array(3 + 128);
    unpacked.store(table, 3, 9, roundingSeed(4, "update"));
    unpacked.values.fill(0);
    unpacked.load(table, 3);
    expect(unpacked.values).toEqual(before);
  });

  it("lets a second moment fall as β₂ᵗ, which rounding to nearest would stop at once", () => {
    const [dim, steps] = [512, 2000];
    const unpacked = new UnpackedRow(dim);
    const table = new Int32Array(2 * dim);
    unpacked.values.fill(1, 2 * dim);
    for (let step = 1; step <= steps; step++) {
      for (let i = 2 * dim; i < 3 * dim; i++) unpacked.values[i]! *= 0.999;
      unpacked.store(table, 0, 3, roundingSeed(step, "update"));
      unpacked.load(table, 0);
    }
    const mean = unpacked.values.subarray(2 * dim).reduce((sum, v) => sum + v, 0) / dim;
    // a step's rounding is off by at most 2⁻⁷, by .3 · 2⁻⁷ on average: √2000 of them make 11 %, the mean of 512 .5 %
    expect(Math.abs(mean / 0.999 ** steps - 1)).toBeLessThan(0.02);
    expect(withMoment(0, 1, 0.999 * momentOf(withMoment(0, 1, 1), 1))).toBe(withMoment(0, 1, 1));
  });

  it("draws other noise for other rows, steps and uses, the same for the same", () => {
    const values = Float32Array.from({ length: 64 }, (_, i) => 1 + i / 1000);
    const make = (row: number, step: number, use: "update" | "catchUp") =>
      rounded(values, values, row, roundingSeed(step, use));
    expect(make(3, 8, "update")).toEqual(make(3, 8, "update"));
    for (const other of [make(4, 8, "update"), make(3, 9, "update"), make(3, 8, "catchUp")])
      expect(other).not.toEqual(make(3, 8, "update"));
    const one = make(3, 8, "update");
    expect(one.subarray(0, 64)).not.toEqual(one.subarray(64)); // two moments of one parameter
  });
});

describe("withMoment", () => {
  it("gives back every bfloat16 number in either half without touching the other", () => {
    for (let upper = 0; upper < 65_536; upper++) {
      const value = bfloat(upper);
      if (Number.isNaN(value)) continue;
      const word = withMoment(withMoment(0x1234_5678, 0, value), 1, -value);
      expect(Object.is(momentOf(word, 0), value) && Object.is(momentOf(word, 1), -value)).toBe(true);
    }
  });

  it("rounds to the nearest, ties to even, and keeps what is no number", () => {
    const random = new Random(4);
    for (let i = 0; i < 2000; i++) {
      const x = Math.fround(Math.exp(20 * random.next() - 10));
      const [low, high] = neighbours(x);
      if (x - low === high - x) continue;
      expect(momentOf(withMoment(0, 0, x), 0)).toBe(x - low < high - x ? low : high);
    }
    expect(momentOf(withMoment(0, 1, (bfloat(0x3f80) + bfloat(0x3f81)) / 2), 1)).toBe(bfloat(0x3f80));
    expect(momentOf(withMoment(0, 1, (bfloat(0x3f81) + bfloat(0x3f82)) / 2), 1)).toBe(bfloat(0x3f82));
    expect(momentOf(withMoment(0, 0, Number.NaN), 0)).toBeNaN();
  });
});
