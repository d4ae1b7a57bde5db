import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { detectableDifference, queriesNeeded } from "../../lib/metrics/detectable-difference.js";
import { forecastCurve } from "../../lib/metrics/learning-curve.js";
import { meanAndVariance } from "../../lib/metrics/sample.js";
import type { SeedValues } from "../../lib/metrics/seeds-and-queries.js";

const QUERIES = 80;
const SIZES = [100, 200, 400, 800];
const power = (n: number) => 0.9 - 0.5 * (n / 100) ** -0.4;
const logarithm = (n: number) => 0.3 + 0.07 * Math.log(n / 100);

/** Values of a system of known mean: queries of different difficulty, weights of different luck. */
function world(truth: (n: number) => number, seed: number, seeds = 2) {
  const random = new Random(seed);
  const hard = Array.from({ length: QUERIES }, () => 0.2 * random.normal());
  return (n: number): SeedValues =>
    Array.from({ length: seeds }, () => {
      const luck = 0.008 * random.normal();
      return hard.map((own) => truth(n) + own + luck + 0.1 * random.normal());
    });
}

describe("forecastCurve", () => {
  it.each([
    ["an inverse power law", power],
    ["a logarithm", logarithm],
  ])(
    "covers what twice the size measures on the same queries, and the truth for new ones: %s",
    (_, truth) => {
      let [same, fresh] = [0, 0];
      const repetitions = 50;
      for (let r = 0; r < repetitions; r++) {
        const measure = world(truth, r);
        const data = { sizes: SIZES, values: SIZES.map(measure) };
        const measured = meanAndVariance(measure(1600).map((run) => meanAndVariance(run).mean)).mean;
        const own = forecastCurve(data, { draws: 200, queries: "same", seed: r }).at(1600);
        const other = forecastCurve(data, { draws: 200, seed: r }).at(1600);
        if (own.low <= measured && measured <= own.high) same++;
        if (other.low <= truth(1600) && truth(1600) <= other.high) fresh++;
      }
      // 95 % of 50 is 47.5 ± 1.5
      expect(same / repetitions).toBeGreaterThanOrEqual(0.86);
      expect(fresh / repetitions).toBeGreaterThanOrEqual(0.86);
    },
  );

  it("recovers a curve without noise: its value, its gain and the size of a gain", () => {
    const sizes = [100, 200, 400, 800, 1600];
    const values = sizes.map((n) => [1, 2].map(() => Array.from({ length: 20 }, () => power(n))));
    const curve = forecastCurve({ sizes, values }, { draws: 200 });
    expect(curve.at(3200).mean).toBeCloseTo(power(3200), 4);
    expect(curve.gain(3200).mean).toBeCloseTo(power(3200) - power(1600), 4);
    expect(curve.sizeForGain(power(3200) - power(1600)).mean / 3200).toBeCloseTo(1, 2);
    expect(curve.sizeForGain(0.2).mean).toBe(Infinity); // the limit is .9
  });

  it("says more of the next size than of a far one, and more with more seeds", () => {
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    const few = world(power, 3, 2);
    const many = world(power, 3, 8);
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
