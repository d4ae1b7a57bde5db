import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { trustworthiness } from "../../../lib/analysis/maps/trustworthiness.js";

interface Case {
  n: number;
  dim: number;
  k: number;
  high: number[];
  low: number[];
  expected: number;
}
const fixture = new URL("../../fixtures/reporting/trustworthiness.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture, "utf8")) as { cases: Case[] };

describe("trustworthiness", () => {
  it.each(cases)("agrees with scikit-learn for $n points, k = $k", ({ dim, k, high, low, expected }) => {
    // both sum ranks, which are integers: only the last operations round
    expect(trustworthiness(Float32Array.from(high), dim, Float32Array.from(low), k)).toBeCloseTo(
      expected,
      12,
    );
  });

  it("is 1 where the projection is the space itself", () => {
    const points = Float32Array.from(cases[1]!.high).subarray(0, 80);
    expect(trustworthiness(points, 2, points, 7)).toBe(1);
  });

  it("is over some points the mean of theirs", () => {
    const { dim, k, high, low, n } = cases[2]!;
    const over = (...rows: number[]) =>
      trustworthiness(Float32Array.from(high), dim, Float32Array.from(low), k, Int32Array.from(rows));
    const each = Array.from({ length: n }, (_, row) => over(row));
    expect(over(3, 17)).toBeCloseTo((each[3]! + each[17]!) / 2, 12);
    expect(each.reduce((sum, value) => sum + value / n, 0)).toBeCloseTo(cases[2]!.expected, 12);
  });

  it("refuses other numbers of points and a k that is too large", () => {
    const points = new Float32Array(20);
    expect(() => trustworthiness(points, 4, points, 2)).toThrow("same points, got 5 and 10");
    expect(() => trustworthiness(points, 2, points, 5)).toThrow(
      "k must be an integer in [1, n / 2) for n = 10, got 5",
    );
  });
});
