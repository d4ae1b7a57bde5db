import { describe, expect, it } from "vitest";
import { type Observed, parzenPoint, randomPoint } from "../../lib/tuning/draw-point.js";
import { settingsAt } from "../../lib/tuning/settings.js";
import type { Range } from "../../lib/tuning/tuning-schema.js";

const ranges: Range[] = [
  { from: 0, to: 1, scale: "linear", whole: false },
  { from: 0, to: 1, scale: "linear", whole: false },
  ["a", "b", "c"],
];

/** Best at (.3, .8) with the second option. */
const value = ([x, y, z]: readonly number[]) =>
  -((x! - 0.3) ** 2) - (y! - 0.8) ** 2 - (Math.floor(z! * 3) === 1 ? 0 : 0.3);

function search(seed: number, trials: number, guided: boolean): number {
  const observed: Observed[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const point = guided ? parzenPoint(ranges, observed, seed, trial) : randomPoint(seed, trial, 3);
    observed.push({ point, epochs: 1, value: value(point) });
  }
  return Math.max(...observed.map((each) => each.value));
}

describe("parzenPoint", () => {
  it("comes nearer to an optimum than random points on most of twenty seeds", () => {
    const seeds = Array.from({ length: 20 }, (_, i) => i);
    const wins = seeds.filter((seed) => search(seed, 40, true) > search(seed, 40, false)).length;
    expect(wins).toBeGreaterThanOrEqual(15);
  });

  it("stays in the unit cube and depends on seed, trial and observations alone", () => {
    const observed = Array.from({ length: 20 }, (_, i) => {
      const point = [i % 2 === 0 ? 0.001 : 0.999, 0.5, (i % 3) / 3];
      return { point, epochs: 1, value: i };
    });
    for (let trial = 0; trial < 200; trial++) {
      const point = parzenPoint(ranges, observed, 5, trial);
      expect(point.every((u) => u >= 0 && u < 1)).toBe(true);
      expect(parzenPoint(ranges, [...observed], 5, trial)).toEqual(point);
    }
  });

  it("prefers trials that went on to those that were stopped, whatever their values", () => {
    const observed = Array.from({ length: 24 }, (_, i) => ({
      point: i < 6 ? [0.9, 0.9, 0.9] : [0.1, 0.1, 0.1],
      epochs: i < 6 ? 4 : 1,
      value: i < 6 ? 0 : 1,
    }));
    const points = Array.from({ length: 50 }, (_, trial) => parzenPoint(ranges, observed, 1, trial));
    expect(points.filter(([x]) => x! > 0.5).length).toBeGreaterThan(35);
  });
});

describe("settingsAt", () => {
  it("cuts lists and sets into equal parts and numbers evenly, or evenly in their logarithm", () => {
    const named: Record<string, Range> = {
      a: [1, 2, 3, 4],
      b: { sets: { "as given": {}, two: { "x.y": 1, z: [2] } } },
      c: { from: 10, to: 20, scale: "linear", whole: true },
      d: { from: 0.001, to: 0.1, scale: "log", whole: false },
    };
    expect(settingsAt(named, [0.74, 0.5, 0.26, 0.5])).toEqual({
      set: { a: 3, "x.y": 1, z: [2], c: 13, d: 0.01 },
      chosen: { a: "3", b: "two", c: "13", d: "0.01" },
    });
    expect(settingsAt(named, [0, 0.49, 0, 0]).set).toEqual({ a: 1, c: 10, d: 0.001 });
  });
});
