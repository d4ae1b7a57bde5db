import { describe, expect, it } from "vitest";
import { cohensDz } from "../../lib/metrics/effect-size.js";
import { studentTCdf, studentTQuantile, twoSidedP } from "../../lib/metrics/student-t.js";
import { pairedTTest, welchTTest } from "../../lib/metrics/t-test.js";

// all expected numbers: SciPy 1.17.1 (stats.t, stats.ttest_rel, stats.ttest_ind with equal_var=False)
const a = [0.31, 0.55, 0.12, 0.9, 0.44, 0.72, 0.05, 0.66];
const b = [0.25, 0.6, 0.02, 0.71, 0.41, 0.7, 0.15, 0.51];

describe("Student's t", () => {
  it("has SciPy's distribution function", () => {
    const table = [
      [0.5, 1, 0.6475836176504333],
      [2, 3, 0.9303370157205785],
      [-1.3, 2.7, 0.14672632185192266],
      [4.4, 30, 0.9999370343068311],
      [12, 5, 0.9999645525374142],
      [0.001, 1000, 0.5003988424907736],
      [40, 2, 0.9996877926639076],
      [1.96, 1e6, 0.9750019662073651],
    ] as const;
    for (const [t, degrees, p] of table) expect(studentTCdf(t, degrees)).toBeCloseTo(p, 9);
    expect(twoSidedP(0, 5)).toBe(1);
    expect(twoSidedP(Infinity, 5)).toBe(0);
  });

  it("has SciPy's quantiles", () => {
    const table = [
      [0.975, 1, 12.706204736174694],
      [0.975, 2, 4.302652729749462],
      [0.9, 2.5, 1.7302509288071766],
      [0.995, 29, 2.756385903670605],
      [0.025, 7, -2.3646242515927844],
      [0.8, 499, 0.8423421491688057],
    ] as const;
    for (const [p, degrees, t] of table) expect(studentTQuantile(p, degrees)).toBeCloseTo(t, 7);
  });
});

describe("t-tests", () => {
  it("paired: agrees with SciPy", () => {
    const { difference, low, high, t, degrees, p } = pairedTTest(a, b);
    expect([difference, t, p].map((x) => x.toFixed(10))).toEqual([
      "0.0500000000",
      "1.4564381625",
      "0.1886141271",
    ]);
    expect(degrees).toBe(7);
    expect(low).toBeCloseTo(-0.031178326428892712, 9);
    expect(high).toBeCloseTo(0.13117832642889277, 9);
  });

  it("Welch: agrees with SciPy for groups of unequal sizes", () => {
    const { low, high, t, degrees, p } = welchTTest(a, [0.3, 0.9, 0.2]);
    expect(t).toBeCloseTo(0.008594076015767407, 10);
    expect(p).toBeCloseTo(0.9936858191409303, 9);
    expect(degrees).toBeCloseTo(2.980597606177917, 9);
    expect(low).toBeCloseTo(-0.7722383551726593, 8);
    expect(high).toBeCloseTo(0.7764050218393259, 8);
  });

  it("say 1 when nothing differs and 0 when everything differs alike", () => {
    expect(pairedTTest(a, a).p).toBe(1);
    expect(pairedTTest([2, 3, 4], [1, 2, 3]).p).toBe(0);
    expect(welchTTest([1, 1], [1, 1, 1]).p).toBe(1);
  });

  it("refuse a single value", () => {
    expect(() => pairedTTest([1], [2])).toThrow("pairedTTest: a and b must have at least 2 values, got 1");
    expect(() => welchTTest([1], [1, 2])).toThrow("welchTTest: a must have at least 2 values, got 1");
  });
});

describe("cohensDz", () => {
  it("is the mean difference in standard deviations of the differences", () => {
    expect(cohensDz(a, b)).toBeCloseTo(0.5149286505444375, 12);
    expect(cohensDz(b, a)).toBeCloseTo(-0.5149286505444375, 12);
    expect(cohensDz(a, a)).toBe(0);
    expect(cohensDz([2, 3], [1, 2])).toBe(Infinity);
  });
});
