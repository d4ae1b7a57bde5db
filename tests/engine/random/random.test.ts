import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";

/** xoshiro128** 1.1 in 64-bit integers, written from the published algorithm alone. */
function slowXoshiro(state: number[], count: number): number[] {
  const mask = 0xffffffffn;
  const s = state.map(BigInt);
  const rotl = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  const out: number[] = [];
  for (let i = 0; i < count; i++) {
    out.push(Number((rotl((s[1]! * 5n) & mask, 7n) * 9n) & mask));
    const t = (s[1]! << 9n) & mask;
    s[2] = s[2]! ^ s[0]!;
    s[3] = s[3]! ^ s[1]!;
    s[1] = s[1]! ^ s[2]!;
    s[0] = s[0]! ^ s[3]!;
    s[2] = s[2]! ^ t;
    s[3] = rotl(s[3]!, 11n);
  }
  return out;
}

describe("Random", () => {
  it("is xoshiro128** 1.1", () => {
    for (const state of [[1, 2, 3, 4], [0xffffffff, 0x80000000, 7, 0x12345678], new Random(99).state()]) {
      const random = Random.fromState(state);
      const wanted = slowXoshiro(state, 50);
      expect(wanted.map(() => random.uint32())).toEqual(wanted);
    }
  });

  it("continues exactly from a saved state", () => {
    const random = new Random(5);
    random.normal();
    const copy = Random.fromState(JSON.parse(JSON.stringify(random.state())));
    const draw = (r: Random) => [
      r.next(),
      r.int(1000),
      r.normal(),
      r.uint32(),
      ...r.shuffle([1, 2, 3, 4, 5]),
    ];
    expect(draw(copy)).toEqual(draw(random));
    expect(() => Random.fromState([1, 2])).toThrow("state must have 4 words, got 2");
  });

  it("gives equal streams for equal seeds and different ones for neighbours, large and negative seeds", () => {
    const first = (seed: number) => new Random(seed).uint32();
    expect(first(3)).toBe(first(3));
    expect(new Set([0, 1, 2, -1, 2 ** 40, 2 ** 40 + 1].map(first)).size).toBe(6);
    expect(() => new Random(0.5)).toThrow("seed must be an integer, got 0.5");
  });

  it("forks by name without advancing, and forks differ by name and by parent", () => {
    const random = new Random(11);
    const before = random.state();
    const a = random.fork("order").uint32();
    expect(random.fork("order").uint32()).toBe(a);
    expect(random.fork("typos").uint32()).not.toBe(a);
    expect(new Random(12).fork("order").uint32()).not.toBe(a);
    expect(random.state()).toEqual(before);
  });

  it("draws integers, unit reals and normals with the moments of their distributions", () => {
    const random = new Random(2024);
    const n = 20_000;
    const counts = new Array<number>(7).fill(0);
    let sum = 0;
    let normalSum = 0;
    let normalSquares = 0;
    for (let i = 0; i < n; i++) {
      counts[random.int(7)]! += 1;
      const u = random.next();
      expect(u >= 0 && u < 1).toBe(true);
      sum += u;
      const z = random.normal();
      normalSum += z;
      normalSquares += z * z;
    }
    // Tolerances are five standard errors.
    for (const count of counts) expect(Math.abs(count - n / 7)).toBeLessThan(5 * Math.sqrt((n * 6) / 49));
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(5 / Math.sqrt(12 * n));
    expect(Math.abs(normalSum / n)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(normalSquares / n - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  });

  it("accepts counts up to 2^32 and refuses what is not one", () => {
    const random = new Random(1);
    expect(random.int(1)).toBe(0);
    expect(random.int(2 ** 32)).toBeLessThan(2 ** 32);
    for (const n of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) expect(() => random.int(n)).toThrow(RangeError);
  });

  it("shuffles every order equally often, in plain and typed arrays", () => {
    const random = new Random(8);
    const seen = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle([0, 1, 2]).join("");
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    // 1000 each, standard deviation √(6000 · 1/6 · 5/6) ≈ 29.
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(145);
    expect(Array.from(random.shuffle(Int32Array.from([3, 1, 2]))).sort()).toEqual([1, 2, 3]);
  });
});
