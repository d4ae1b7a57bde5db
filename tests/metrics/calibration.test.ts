import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { detectableDifference, detectableDifferenceOf } from "../../lib/metrics/detectable-difference.js";
import { hierarchicalBootstrapInterval } from "../../lib/metrics/hierarchical-bootstrap.js";
import { pairedRandomizationTest } from "../../lib/metrics/randomization-test.js";
import { compareOverSeeds, perQueryMeans, seedQueryInterval } from "../../lib/metrics/seeds-and-queries.js";
import { pairedTTest, welchTTest } from "../../lib/metrics/t-test.js";
import { unpairedRandomizationTest } from "../../lib/metrics/unpaired-randomization-test.js";

/** Share of `rounds` in which `once` says true. */
function share(rounds: number, once: (random: Random, round: number) => boolean): number {
  let yes = 0;
  for (let round = 0; round < rounds; round++) if (once(new Random(round + 1), round)) yes++;
  return yes / rounds;
}

const normals = (random: Random, n: number, sd = 1): number[] =>
  Array.from({ length: n }, () => sd * random.normal());

// A 5 % test over 2,000 rounds: standard error 0.49 %, so 3.3 % to 6.7 % is ± 3.5 standard errors.
const ROUNDS = 2000;
const expectFivePercent = (rejected: number): void => {
  expect(rejected).toBeGreaterThan(0.033);
  expect(rejected).toBeLessThan(0.067);
};

describe("5 % tests reject 5 % under the null", () => {
  it("paired t-test, 30 and 4 queries", () => {
    for (const n of [30, 4])
      expectFivePercent(share(ROUNDS, (r) => pairedTTest(normals(r, n), normals(r, n)).p < 0.05));
  });

  it("paired randomisation test, 30 queries of coarse, tied values", () => {
    const value = (r: Random) => [0, 0, 0, 0.25, 0.5, 1][r.int(6)]!;
    const rejected = share(ROUNDS, (r, round) => {
      const a = Array.from({ length: 30 }, () => value(r));
      const b = a.map((x) => (r.next() < 0.5 ? x : value(r)));
      return pairedRandomizationTest(a, b, { seed: round, resamples: 400 }).p < 0.05;
    });
    // discrete: never above 5 %, somewhat below
    expect(rejected).toBeGreaterThan(0.025);
    expect(rejected).toBeLessThan(0.06);
  });

  it("paired randomisation test, tiny samples: 5 queries cannot reject at 5 %, 6 can", () => {
    expect(share(300, (r) => pairedRandomizationTest(normals(r, 5), normals(r, 5)).p < 0.05)).toBe(0);
    // 6 differences: the two most extreme of 64 assignments, 2/64 = 3.1 %
    const six = share(ROUNDS, (r) => pairedRandomizationTest(normals(r, 6), normals(r, 6)).p < 0.05);
    expect(Math.abs(six - 2 / 64)).toBeLessThan(0.014);
  });

  it("Welch's t-test, groups of 7 and 60 with unequal variances", () => {
    expectFivePercent(share(ROUNDS, (r) => welchTTest(normals(r, 7, 1), normals(r, 60, 3)).p < 0.05));
    expectFivePercent(share(ROUNDS, (r) => welchTTest(normals(r, 7, 3), normals(r, 60, 1)).p < 0.05));
  });

  it("unpaired randomisation test, groups of 20 and 60 with unequal variances", () => {
    const rejected = share(ROUNDS, (r, round) => {
      const test = unpairedRandomizationTest(normals(r, 20, 2), normals(r, 60, 1), {
        seed: round,
        resamples: 400,
      });
      return test.p < 0.05;
    });
    expect(rejected).toBeGreaterThan(0.033);
    expect(rejected).toBeLessThan(0.075);
  });

  it("unpaired randomisation test, 6 and 30 with unequal variances: known to reject about 8 %", () => {
    const rejected = share(ROUNDS, (r, round) => {
      const test = unpairedRandomizationTest(normals(r, 6, 2), normals(r, 30, 1), {
        seed: round,
        resamples: 400,
      });
      return test.p < 0.05;
    });
    expect(Math.abs(rejected - 0.08)).toBeLessThan(0.02);
  });

  it("unpaired randomisation test, identical groups of 3 and 12", () => {
    const rejected = share(ROUNDS, (r, round) => {
      const test = unpairedRandomizationTest(normals(r, 3), normals(r, 12), { seed: round, resamples: 400 });
      return test.p < 0.05;
    });
    expectFivePercent(rejected);
  });
});

/** Per-query values [S][Q] of a system: queries vary (given), seeds vary, and each seed × query has noise of its own. */
function system(
  random: Random,
  queries: readonly number[],
  seeds: number,
  seedSd: number,
  noise: number,
): number[][] {
  return Array.from({ length: seeds }, () => {
    const shift = seedSd * random.normal();
    return queries.map((q) => q + shift + noise * random.normal());
  });
}

describe("results over seeds", () => {
  it("compared as drawn, reject 5 % under the null, also with 3 seeds against 5", () => {
    for (const [s, t] of [
      [3, 3],
      [3, 5],
      [8, 8],
    ] as const) {
      const rejected = share(ROUNDS, (r) => {
        const queries = normals(r, 40);
        return compareOverSeeds(system(r, queries, s, 0.2, 0.3), system(r, queries, t, 0.2, 0.3)).p < 0.05;
      });
      // Satterthwaite's degrees of freedom are on the safe side with so few seeds
      expect(rejected).toBeGreaterThan(0.015);
      expect(rejected).toBeLessThan(0.065);
    }
  });

  it("compared as if the seeds at hand were all, reject far too often", () => {
    const rejected = share(500, (r) => {
      const queries = normals(r, 40);
      const a = perQueryMeans(system(r, queries, 3, 0.2, 0.3));
      const b = perQueryMeans(system(r, queries, 3, 0.2, 0.3));
      return pairedTTest(a, b).p < 0.05;
    });
    expect(rejected).toBeGreaterThan(0.3);
  });

  it("have intervals that hold for new seeds and queries", () => {
    for (const seeds of [3, 10]) {
      const covered = share(ROUNDS, (r) => {
        const { low, high } = seedQueryInterval(system(r, normals(r, 30), seeds, 0.2, 0.3));
        return low <= 0 && 0 <= high;
      });
      expect(covered).toBeGreaterThan(0.935);
      expect(covered).toBeLessThan(0.985);
    }
  });

  it("have bootstrap intervals that nearly hold from about ten seeds on", () => {
    const covered = share(600, (r, round) => {
      const values = system(r, normals(r, 40), 10, 0.2, 0.3);
      const { low, high } = hierarchicalBootstrapInterval(values, { seed: round, resamples: 500 });
      return low <= 0 && 0 <= high;
    });
    expect(covered).toBeGreaterThan(0.91);
    expect(covered).toBeLessThan(0.975);
  });

  it("with one seed are those over queries", () => {
    const random = new Random(1);
    const a = normals(random, 20);
    const b = normals(random, 20);
    const over = compareOverSeeds([a], [b]);
    const paired = pairedTTest(a, b);
    expect(over.p).toBeCloseTo(paired.p, 12);
    expect(over.low).toBeCloseTo(paired.low, 12);
    expect(seedQueryInterval([a]).seedsCounted).toBe(false);
    expect(seedQueryInterval([a]).degrees).toBe(19);
  });

  it("agree with a two-way analysis of variance by hand", () => {
    // 2 seeds × 3 queries; query means 1, 2, 6, seed means 3.5, 2.5, mean 3
    const values = [
      [2, 2.5, 6],
      [0, 1.5, 6],
    ];
    const { mean, low, high, degrees } = seedQueryInterval(values);
    // var(query means)/3 = 7/3; var(seed means)/2 = 0.5/2; scatter SS 1, /(1·2)/(2·3) = 1/12
    const V = 7 / 3 + 0.25 - 1 / 12;
    expect(mean).toBeCloseTo(3, 12);
    expect(degrees).toBeCloseTo(V ** 2 / ((7 / 3) ** 2 / 2 + 0.25 ** 2 / 1), 10);
    expect((low + high) / 2).toBeCloseTo(3, 12);
  });

  it("must be of the same queries", () => {
    expect(() => seedQueryInterval([[1, 2], [1]])).toThrow(
      "all seeds must have the same queries, got 2 and 1",
    );
    expect(() => perQueryMeans([])).toThrow("values must have at least 1 seed, got 0");
    expect(() => compareOverSeeds([[1, 2]], [[1, 2, 3]])).toThrow(
      "a and b must have the same queries, got 2 and 3",
    );
  });
});

describe("detectableDifference", () => {
  it("is found with the power it names", () => {
    for (const [n, power] of [
      [10, 0.8],
      [50, 0.9],
    ] as const) {
      const delta = detectableDifference(1, n, { power });
      const found = share(
        ROUNDS,
        (r) =>
          pairedTTest(
            normals(r, n).map((x) => x + delta),
            new Float64Array(n),
          ).p < 0.05,
      );
      // standard error 0.9 %, approximation 1–2 %
      expect(Math.abs(found - power)).toBeLessThan(0.04);
    }
  });

  it("falls with the square root of the number of queries and takes sd from differences", () => {
    expect(detectableDifference(1, 4000) / detectableDifference(1, 1000)).toBeCloseTo(0.5, 2);
    expect(detectableDifferenceOf([1, 2, 3])).toBe(detectableDifference(1, 3));
    expect(() => detectableDifference(1, 1)).toThrow("queries must be an integer of at least 2, got 1");
    expect(() => detectableDifference(1, 9, { power: 1 })).toThrow("power must be in (0, 1), got 1");
  });
});
