import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { cohenKappa, type GradePair } from "../../lib/metrics/cohen-kappa.js";

const times = (count: number, first: number, second: number): GradePair[] =>
  Array.from({ length: count }, (_, i) => ({ first, second, group: `${first} ${second} ${i}` }));

describe("Cohen's kappa", () => {
  it("has the values of a worked example", () => {
    // 50 grant proposals: both yes 20, both no 15, 5 and 10 otherwise; (0.7 − 0.5) / (1 − 0.5)
    const pairs = [...times(20, 1, 1), ...times(5, 1, 0), ...times(10, 0, 1), ...times(15, 0, 0)];
    const { kappa, equal, count, low, high } = cohenKappa(pairs);
    expect([count, equal]).toEqual([50, 0.7]);
    expect(kappa).toBeCloseTo(0.4, 12);
    // the large-sample standard error of this table is .127 (Fleiss, Cohen & Everitt 1969)
    expect(high - low).toBeGreaterThan(2 * 1.96 * 0.127 * 0.85);
    expect(high - low).toBeLessThan(2 * 1.96 * 0.127 * 1.15);
  });

  it("with quadratic weights is 1 − mean squared difference over that of all pairs of grades", () => {
    const random = new Random(2);
    const pairs = Array.from({ length: 60 }, (_, i) => {
      const first = random.int(4);
      return { first, second: Math.max(0, Math.min(3, first + random.int(3) - 1)), group: String(i % 20) };
    });
    let [observed, chance] = [0, 0];
    for (const a of pairs) {
      observed += (a.first - a.second) ** 2 / 60;
      for (const b of pairs) chance += (a.first - b.second) ** 2 / 3600;
    }
    expect(cohenKappa(pairs, { weights: "quadratic" }).kappa).toBeCloseTo(1 - observed / chance, 12);
  });

  it("has an interval where all grades are equal, and none where nothing can be said", () => {
    const { kappa, low, high } = cohenKappa([...times(5, 0, 0), ...times(5, 2, 2)]);
    expect([kappa, high]).toEqual([1, 1]);
    // ten of ten equal: at least 0.025^(1/10) = .6915 of all, κ ≥ (.6915 − .5)/.5
    expect(low).toBeCloseTo(0.383, 3);
    expect(cohenKappa(times(9, 1, 1)).kappa).toBeNaN();
    const one = cohenKappa(
      times(4, 1, 0)
        .concat(times(3, 0, 0))
        .map((pair) => ({ ...pair, group: "q" })),
    );
    expect([one.kappa, one.low]).toEqual([0, Number.NaN]);
    expect(() => cohenKappa([])).toThrow("pairs must not be empty");
  });
});
