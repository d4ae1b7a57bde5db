import { describe, expect, it } from "vitest";
import { benjaminiHochberg } from "../../lib/metrics/benjamini-hochberg.js";
import { holm } from "../../lib/metrics/holm.js";
import { pairedRandomizationTest } from "../../lib/metrics/randomization-test.js";
import { perQueryMeans } from "../../lib/metrics/seeds-and-queries.js";
import { pairedTTest } from "../../lib/metrics/t-test.js";
import { unpairedRandomizationTest } from "../../lib/metrics/unpaired-randomization-test.js";

describe("pairedRandomizationTest", () => {
  it("is exact for few differences: a slow loop over all sign assignments agrees", () => {
    const a = [0.9, 0.4, 0.7, 0.3, 0.8, 0.5, 0.5];
    const b = [0.5, 0.5, 0.4, 0.2, 0.4, 0.5, 0.3];
    const d = a.map((x, i) => x - b[i]!);
    const observed = Math.abs(d.reduce((s, x) => s + x, 0));
    let hits = 0;
    for (let bits = 0; bits < 128; bits++) {
      const total = d.reduce((s, x, i) => s + ((bits >> i) & 1 ? -x : x), 0);
      if (Math.abs(total) >= observed - 1e-12) hits++;
    }
    const { difference, p } = pairedRandomizationTest(a, b);
    expect(p).toBe(hits / 128);
    expect(difference).toBeCloseTo(observed / 7, 12);
  });

  it("gives Fisher's p for Darwin's maize", () => {
    // Fisher 1935, The Design of Experiments, section 21: 863 of 32,768 assignments give a sum of 314 or more, so the
    // two-sided p is 1726/32768 = 0.05267
    const d = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    const { p } = pairedRandomizationTest(d, new Float64Array(15));
    expect(p).toBe(1726 / 32768);
  });

  it("samples near the exact value when there are many differences", () => {
    // 17 differences go through sampling; the exact p comes from the slow loop over 2^17 assignments
    const d = [5, -3, 4, 1, 2, -1, 6, 2, -2, 3, 1, 4, -5, 2, 1, 3, 2];
    const observed = Math.abs(d.reduce((s, x) => s + x, 0));
    let hits = 0;
    for (let bits = 0; bits < 2 ** 17; bits++) {
      let total = 0;
      for (let i = 0; i < 17; i++) total += (bits >> i) & 1 ? -d[i]! : d[i]!;
      if (Math.abs(total) >= observed) hits++;
    }
    const { p } = pairedRandomizationTest(d, new Float64Array(17), { resamples: 100_000 });
    expect(Math.abs(p - hits / 2 ** 17)).toBeLessThan(0.003); // 4 standard errors at p ≈ .04
  });

  it("is symmetric in its arguments, and 1 when nothing differs", () => {
    const a = [1, 2, 3, 4, 5];
    const b = [1, 1, 2, 5, 3];
    expect(pairedRandomizationTest(a, b).p).toBe(pairedRandomizationTest(b, a).p);
    expect(pairedRandomizationTest(a, a)).toEqual({ difference: 0, p: 1 });
    expect(pairedRandomizationTest([2], [1]).p).toBe(1);
  });

  it("never reports p = 0", () => {
    const a = new Float64Array(200).fill(1);
    expect(pairedRandomizationTest(a, new Float64Array(200), { resamples: 999 }).p).toBe(1 / 1000);
  });

  it("takes what rounding leaves of equal values for no difference", () => {
    // means over six equal seeds lie an ulp below the value, all on one side: p was 1/10001
    const values = Array.from({ length: 200 }, (_, i) => [0, 1, 1, 1 / 2, 1 / 3][i % 5]!);
    const means = perQueryMeans([values, values, values, values, values, values]);
    expect(means[1]).not.toBe(1);
    expect(pairedRandomizationTest(means, values)).toEqual({ difference: 0, p: 1 });
    expect(pairedTTest(means, values).p).toBe(1);
    // a difference above it counts
    expect(pairedRandomizationTest(means, [...values].fill(0.2)).p).toBeLessThan(0.001);
  });

  it("refuses unequal and empty inputs", () => {
    expect(() => pairedRandomizationTest([1], [1, 2])).toThrow(
      "a and b must have equal lengths, got 1 and 2",
    );
    expect(() => pairedRandomizationTest([], [])).toThrow("a and b must not be empty");
  });
});

describe("corrections for several comparisons", () => {
  // R: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5), "holm") and "BH"
  const ps = [0.01, 0.04, 0.03, 0.005, 0.5];

  it("holm agrees with R's p.adjust", () => {
    [0.04, 0.09, 0.09, 0.025, 0.5].forEach((p, i) => {
      expect(holm(ps)[i]).toBeCloseTo(p, 12);
    });
  });

  it("benjaminiHochberg agrees with R's p.adjust", () => {
    [0.025, 0.05, 0.05, 0.025, 0.5].forEach((p, i) => {
      expect(benjaminiHochberg(ps)[i]).toBeCloseTo(p, 12);
    });
  });

  it("leave one test alone, cap at 1 and keep the input", () => {
    expect(holm([0.2])).toEqual([0.2]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
    expect(benjaminiHochberg([1, 1])).toEqual([1, 1]);
    expect(ps[0]).toBe(0.01);
    expect(() => holm([0.1, Number.NaN])).toThrow("holm: p values must be in [0, 1], got NaN at 1");
  });
});

describe("unpairedRandomizationTest", () => {
  it("agrees with a slow loop over all deals", () => {
    const a = [3, 9, 4];
    const b = [1, 2, 2, 6];
    const pool = [...a, ...b];
    const welch = (x: number[], y: number[]) => {
      const mean = (v: number[]) => v.reduce((s, w) => s + w, 0) / v.length;
      const part = (v: number[]) =>
        v.reduce((s, w) => s + (w - mean(v)) ** 2, 0) / (v.length * (v.length - 1));
      return Math.abs(mean(x) - mean(y)) / Math.sqrt(part(x) + part(y));
    };
    let deals = 0;
    let hits = 0;
    for (let bits = 0; bits < 128; bits++) {
      const first = pool.filter((_, i) => (bits >> i) & 1);
      if (first.length !== 3) continue;
      deals++;
      const second = pool.filter((_, i) => !((bits >> i) & 1));
      if (welch(first, second) >= welch(a, b) - 1e-12) hits++;
    }
    expect(deals).toBe(35);
    const { difference, p } = unpairedRandomizationTest(a, b, { resamples: 40_000 });
    expect(difference).toBeCloseTo(16 / 3 - 11 / 4, 12);
    expect(Math.abs(p - hits / deals)).toBeLessThan(0.01); // 4 standard errors
    expect(unpairedRandomizationTest(b, a, { resamples: 40_000 }).p).toBe(p);
  });

  it("says 1 for equal groups and refuses single values", () => {
    expect(unpairedRandomizationTest([1, 1], [1, 1, 1], { resamples: 50 }).p).toBe(1);
    expect(() => unpairedRandomizationTest([1], [1, 2])).toThrow("a must have at least 2 values, got 1");
  });
});
