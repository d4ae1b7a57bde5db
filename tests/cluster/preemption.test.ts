import { describe, expect, it } from "vitest";
import { bestInterval, simulatePreemption } from "../../lib/cluster/preemption.js";
import { Random } from "../../lib/engine/random/random.js";

describe("simulatePreemption", () => {
  it("agrees with the exact mean where a machine's loss costs nothing but work: M (exp(c / M) − 1) for a piece c", () => {
    for (const [work, interval, meanLife] of [
      [10, 10, 8],
      [10, 2, 8],
      [12, 3, 30],
    ] as const) {
      const model = { work, interval, meanLife, checkpoint: 0, restart: 0 };
      const exact = (meanLife * Math.expm1(interval / meanLife)) / interval - 1;
      // 40,000 rows: the mean's standard error is below 1 % of 1 + overhead
      expect(simulatePreemption(model, 40_000, new Random(1))).toBeCloseTo(exact, 1);
    }
  });

  it("adds checkpoints and restarts, and is least near Young's interval", () => {
    const model = { work: 3600, meanLife: 1200, checkpoint: 6, restart: 30 };
    const at = (interval: number) => simulatePreemption({ ...model, interval }, 4000, new Random(2));
    const best = bestInterval(model); // 120 s
    expect(best).toBe(120);
    // exact: M exp(R / M) (exp((c + d) / M) − 1) a piece, but for the first start and the last checkpoint, which are free
    const { meanLife: m, restart, checkpoint } = model;
    const piece = (m * Math.exp(restart / m) * Math.expm1((best + checkpoint) / m)) / best - 1;
    expect(at(best)).toBeGreaterThan(piece - 0.03);
    expect(at(best)).toBeLessThan(piece + 0.03);
    expect(at(best / 6)).toBeGreaterThan(at(best));
    expect(at(best * 6)).toBeGreaterThan(at(best));
    expect(simulatePreemption({ ...model, meanLife: 1e12, interval: 600 }, 10, new Random(3))).toBeCloseTo(
      (5 * 6) / 3600,
      9,
    );
  });

  it("refuses lives so short that no row would ever end", () => {
    const model = { work: 400, meanLife: 1, interval: 40, checkpoint: 0, restart: 0 };
    expect(() => simulatePreemption(model, 1, new Random(4))).toThrow(/meanLife: must be at least 4/);
  });
});
