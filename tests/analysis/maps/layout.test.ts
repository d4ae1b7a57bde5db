import { describe, expect, it } from "vitest";
import { distanceCurve } from "../../../lib/analysis/maps/distance-curve.js";
import { layOut } from "../../../lib/analysis/maps/layout.js";
import { Random } from "../../../lib/engine/random/random.js";
import { expectKernelsAsBuilt } from "../../support/kernels.js";

describe("layOut", () => {
  const edge = { heads: Int32Array.of(0), tails: Int32Array.of(1), weights: Float32Array.of(1) };
  const { a, b } = distanceCurve(0.1);

  it.each([0.3, 1, 2.5])("draws and pushes two points %s apart by the formula's steps", (apart) => {
    // two epochs: the strongest edge is due in every one but the first; the rate of the second is a half
    const pull = (d: number) => (-2 * a * b * d ** (2 * b - 1)) / (1 + a * d ** (2 * b));
    const push = (d: number) => (2 * b * d) / ((0.001 + d * d) * (1 + a * Math.abs(d) ** (2 * b)));
    const limited = (step: number) => Math.max(-4, Math.min(4, step));
    const pulls = 0.5 * limited(pull(apart));
    const times = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const random = new Random(seed);
      const out = layOut(edge, Float32Array.of(apart, 0, 0, 0), { epochs: 2, minDist: 0.1, random });
      expect(out[2]).toBeCloseTo(-pulls, 5);
      expect([out[1], out[3]]).toEqual([0, 0]);
      // of the four points drawn, those that are the tail push the head, 5/4 times each
      const drawn = (out[0]! - (apart + pulls)) / (0.5 * 1.25 * limited(push(apart + 2 * pulls)));
      expect(drawn).toBeCloseTo(Math.round(drawn), 3);
      times.add(Math.round(drawn));
    }
    expect(times.size).toBeGreaterThan(1);
    for (const drawn of times) expect([0, 1, 2, 3, 4]).toContain(drawn);
  });

  it("visits an edge in proportion to its strength, and one too weak for any visit never", () => {
    const moved = (weight: number) => {
      const heads = Int32Array.of(0, 2);
      const tails = Int32Array.of(1, 3);
      const weights = Float32Array.of(1, weight);
      const far = Float32Array.of(0, 0, 100, 0, 0, 1e5, 100, 1e5);
      const random = new Random(1);
      const out = layOut({ heads, tails, weights }, far, { epochs: 100, minDist: 0.1, random });
      return 100 - out[6]!;
    };
    expect(moved(0.5) / moved(1)).toBeCloseTo(0.5, 1);
    expect(moved(0.005)).toBe(0);
  });

  it("has the kernel that its source compiles to", async () => {
    await expectKernelsAsBuilt("lib/analysis", ["layout.wasm"]);
  });
});
