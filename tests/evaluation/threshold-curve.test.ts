import { describe, expect, it } from "vitest";
import { pickThreshold, thresholdCurve } from "../../lib/evaluation/threshold-curve.js";

const result = (score: number, isRight: boolean) => ({
  top: [["a", score]] as [string, number][],
  relevant: [isRight ? "a" : "b"],
});
// right at 0.9 and 0.6, wrong at 0.7 and 0.2; one query without any result
const results = [
  result(0.9, true),
  result(0.7, false),
  result(0.6, true),
  result(0.2, false),
  { top: [], relevant: ["a"] },
];

describe("thresholdCurve", () => {
  it("gives shares of queries answered and of answers that are right", () => {
    expect(thresholdCurve(results, [0, 0.5, 0.65, 0.8, 0.95])).toEqual([
      { threshold: 0, answered: 0.8, right: 0.5 },
      { threshold: 0.5, answered: 0.6, right: 2 / 3 },
      { threshold: 0.65, answered: 0.4, right: 0.5 },
      { threshold: 0.8, answered: 0.2, right: 1 },
      { threshold: 0.95, answered: 0, right: 1 },
    ]);
  });
  it("has twenty steps from 0 to 1 unless told otherwise, and needs results", () => {
    const curve = thresholdCurve(results);
    expect([curve.length, curve[0]!.threshold, curve[20]!.threshold]).toEqual([21, 0, 1]);
    expect(() => thresholdCurve([])).toThrow("thresholdCurve: results must not be empty, got 0");
  });
});

describe("pickThreshold", () => {
  it("takes the lowest threshold that is good enough and still answers", () => {
    const curve = thresholdCurve(results, [0, 0.5, 0.65, 0.8, 0.95]);
    expect(pickThreshold(curve, 0.6)!.threshold).toBe(0.5);
    expect(pickThreshold(curve, 1)!.threshold).toBe(0.8);
    expect(pickThreshold(curve.slice(4), 1)).toBeNull();
  });
});
