import { describe, expect, it } from "vitest";
import { kthLargest } from "../../../lib/engine/ops/kth-largest.js";
import { Random } from "../../../lib/engine/random/random.js";

describe("the k-th largest value", () => {
  it("is the one that sorting finds, with ties, order and every k", () => {
    const random = new Random(7);
    for (let round = 0; round < 200; round++) {
      const n = 1 + random.int(40);
      const kinds = 1 + random.int(12);
      const values = Float32Array.from({ length: n }, () => random.int(kinds) - 3.5);
      if (round % 4 === 1) values.sort();
      if (round % 4 === 2) values.sort().reverse();
      const sorted = values.slice().sort().reverse();
      for (let k = 1; k <= n; k++) expect(kthLargest(values.slice(), k)).toBe(sorted[k - 1]);
    }
  });

  it("keeps the values, in another order", () => {
    const values = Float32Array.of(3, 1, 2, 3, -1);
    kthLargest(values, 2);
    expect([...values].sort((a, b) => a - b)).toEqual([-1, 1, 2, 3, 3]);
  });

  it("needs k among the values", () => {
    expect(() => kthLargest(Float32Array.of(1), 2)).toThrow("k must be an integer from 1 to 1, got 2");
  });
});
