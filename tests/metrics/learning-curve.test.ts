import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { detectableDifference, queriesNeeded } from "../../lib/metrics/detectable-difference.js";
import { forecastCurve } from "../../lib/metrics/learning-curve.js";
import { meanAndVariance } from "../../lib/metrics/sample.js";
import type { SeedValues } from "../../lib/metrics/seeds-and-queries.js";

const QUERIES = 80;
const SIZES = [100, 200, 400, 800];
const power = (n: number) => 0.9 - 0.5 * (n / 100) ** -0.4;
const saturating = (n: number) => (0.9 * n) / (n + 600);

/** Values of a system of known mean: queries of different difficulty, weights of different luck. */
function world(truth: (n: number) => number, seed: number, { seeds = 2, shares = false } = {}) {
  const random = new Random(seed);
  const within = (value: number) => (shares ? Math.min(1, Math.max(0, value)) : value);
  const hard = Array.from({ length: QUERIES }, () => 0.1 * random.normal());
  return (n: number): SeedValues =>
    Array.from({ length: seeds }, () => {
      const luck = 0.008 * random.normal();
      return hard.map((own) => within(truth(n) + own + luck + 0.05 * random.normal()));
    });
}

describe("forecastCurve", () => {
  it.each([
    ["an inverse power law", power, false],
    ["shares that saturate as n / (n + c), which no curve of the family does", saturating, true],
  ])(
    "covers what twice the size measures on the same queries, and the truth for new ones: %s",
    (_, truth, shares) => {
      let [same, fresh] = [0, 0];
      const repetitions = 40;
      for (let r = 0; r < repetitions; r++) {
        const measure = world(truth, r, { shares });
        const data = { sizes: SIZES, values: SIZES.map(measure) };
        const measured = meanAndVariance(measure(1600).map((run) => meanAndVariance(run).mean)).mean;
        const own = forecastCurve(data, { draws: 200, queries: "same", seed: r }).at(1600);
        const other = forecastCurve(data, { draws: 200, seed: r }).at(1600);
        if (own.low <= measured && measured <= own.high) same++;
        if (other.low <= truth(1600) && truth(1600) <= other.high) fresh++;
      }
      // 95 % of 40 is 38 ± 1.4
      expect(same / repetitions).toBeGreaterThanOrEqual(0.86);
      expect(fresh / repetitions).toBeGreaterThanOrEqual(0.86);
    },
  );

  it.each([
    ["itself where it is no share", (n: number) => 100 * power(n), 10_000],
    ["its logit where it is one", (n: number) => 1 / (1 + Math.exp(2 * (n / 100) ** -0.4 - 1)), 1],
  ])("recovers a curve without noise from its sizes, a power law of %s", (_, truth, scale) => {
    const sizes = [100, 200, 400, 800, 1600];
    const values = sizes.map((n) => [1, 2].map(() => Array.from({ length: 20 }, () => truth(n))));
    const curve = forecastCurve({ sizes, values }, { draws: 200 });
    expect(curve.at(3200).mean / truth(3200)).toBeCloseTo(1, 3);
    expect(curve.gain(3200).mean / (truth(3200) - truth(1600))).toBeCloseTo(1, 1);
    expect(curve.sizeForGain(truth(3200) - truth(1600)).mean / 3200).toBeCloseTo(1, 1);
    // the limits are 90 and 1 / (1 + 1/e)
    expect(curve.sizeForGain(0.3 * Math.sqrt(scale)).mean).toBe(Infinity);
  });

  it("says more of the next size than of a far one, and more with more seeds", () => {
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    const few = world(power, 3);
    const many = world(power, 3, { seeds: 8 });
    const curve = forecastCurve({ sizes: SIZES, values: SIZES.map(few) }, { draws: 500 });
    expect(width(curve.at(6400))).toBeGreaterThan(width(curve.at(1600)));
    const surer = forecastCurve({ sizes: SIZES, values: SIZES.map(many) }, { draws: 500 });
    expect(width(surer.at(1600))).toBeLessThan(width(curve.at(1600)));
  });

  it("refuses what no curve can be drawn through", () => {
    const values = (count: number, seeds: number) =>
      Array.from({ length: count }, () => Array.from({ length: seeds }, () => [0.1, 0.2, 0.3]));
    expect(() => forecastCurve({ sizes: [1, 2], values: values(2, 2) })).toThrow(
      "learning curve: sizes must be at least 3 for a forecast, got 2",
    );
    expect(() => forecastCurve({ sizes: [1, 2, 3], values: values(3, 1) })).toThrow(/3 sizes with one seed$/);
    expect(() => forecastCurve({ sizes: [1, 3, 2], values: values(3, 2) })).toThrow(/ascend, got 1, 3, 2$/);
  });
});

describe("queriesNeeded", () => {
  it("is the fewest queries that find the difference", () => {
    for (const [sd, difference] of [
      [0.3, 0.02],
      [0.1, 0.2],
      [0.5, 0.005],
    ] as const) {
      const queries = queriesNeeded(sd, difference);
      expect(detectableDifference(sd, queries)).toBeLessThanOrEqual(difference);
      if (queries > 2) expect(detectableDifference(sd, queries - 1)).toBeGreaterThan(difference);
    }
    // the formula of normal quantiles: (1.960 + 0.842)² · (0.3 / 0.02)² = 1,766
    expect(queriesNeeded(0.3, 0.02)).toBeCloseTo(1768, -1);
    expect(() => queriesNeeded(0.3, 0)).toThrow("queriesNeeded: difference must be > 0, got 0");
  });
});
