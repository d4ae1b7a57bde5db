import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { positivesByQuery } from "../../lib/losses/candidate-mask.js";
import { PositiveIndex } from "../../lib/losses/positive-index.js";

describe("PositiveIndex", () => {
  it("finds the sets that a map of sets holds, whatever the order of adding, negative numbers too", () => {
    const random = new Random(1);
    const some = (n: number, range: number) =>
      Int32Array.from({ length: n }, () => (random.int(range) - range / 2) * 40_000_000);
    const [queries, documents] = [some(3000, 100), some(3000, 30)];
    const index = new PositiveIndex(10);
    for (let at = 0; at < 3000; at += 700)
      index.add(queries.subarray(at, at + 700), documents.subarray(at, at + 700));
    const known = positivesByQuery(queries, documents);
    expect(index.size).toBe(3000);
    for (const query of new Set(queries))
      expect([...index.of(query)!].sort()).toEqual([...known(query)!].sort());
    expect(index.of(7)).toBeUndefined();
    index.add(Int32Array.of(7, 7), Int32Array.of(-1, -1));
    expect([...index.of(7)!]).toEqual([-1]);
    expect([...index.of(queries[0]!)!].sort()).toEqual([...known(queries[0]!)!].sort());
  });

  it("knows nothing while it is empty", () => {
    expect(new PositiveIndex().of(0)).toBeUndefined();
  });
});
