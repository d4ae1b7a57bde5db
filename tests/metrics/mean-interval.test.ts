import { describe, expect, it } from "vitest";
import { bootstrapInterval } from "../../lib/metrics/bootstrap.js";
import { meanInterval } from "../../lib/metrics/mean-interval.js";
import { seedQueryInterval } from "../../lib/metrics/seeds-and-queries.js";

const a = [0, 1, 0.5, 1, 0.25, 0, 1, 1];
const b = [0.5, 1, 0.5, 0, 0.25, 0, 1, 1];

describe("meanInterval", () => {
  it("bootstraps over queries for one seed", () => {
    expect(meanInterval([a], { resamples: 500 })).toEqual(bootstrapInterval(a, { resamples: 500 }));
  });
  it("counts seeds and queries as random for several", () => {
    const { mean, low, high } = seedQueryInterval([a, b]);
    expect(meanInterval([a, b])).toEqual({ mean, low: Math.max(0, low), high: Math.min(1, high) });
  });
  it("ends intervals of shares at 0 and 1, and no others", () => {
    const near = [1, 1, 1, 1, 1, 1, 1, 0.5];
    expect(seedQueryInterval([near, near.map(() => 1)]).high).toBeGreaterThan(1);
    expect(meanInterval([near, near.map(() => 1)]).high).toBe(1);
    expect(meanInterval([near.map((v) => 2 * v), near.map(() => 2)]).high).toBeGreaterThan(2);
  });
  it("gives a single query no width", () => {
    expect(meanInterval([[1], [0]])).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
  });
});
