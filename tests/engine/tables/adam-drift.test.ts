import { expect, it } from "vitest";
import { AdamDrift } from "../../../lib/engine/tables/adam-drift.js";

it("carries a row over any number of steps as dense Adam without gradients does", () => {
  const [beta1, beta2, epsilon, rate] = [0.9, 0.999, 1e-8, 0.01];
  const drift = new AdamDrift(beta1, beta2, epsilon);
  drift.reset(0);
  const start = 500;
  const [p0, m0, v0] = [0.3, 0.02, 0.0007];
  let [p, m, v] = [p0, m0, v0];
  const asked = new Set([1, 2, 60, 1023, 1024, 1500, 9000, 70_000]);
  for (let step = 1; step <= start + 70_000; step++) {
    drift.record(step, rate);
    if (step <= start) continue;
    m *= beta1;
    v *= beta2;
    const [mean, variance] = [m / (1 - beta1 ** step), v / (1 - beta2 ** step)];
    p -= (rate * mean) / (Math.sqrt(variance) + epsilon);
    const skipped = step - start;
    if (!asked.has(skipped)) continue;
    const row = Float32Array.of(p0, m0, v0);
    drift.catchUp(row, 0, 1, 1, 1, start);
    expect(Math.abs(row[0]! - p)).toBeLessThan(1e-6); // float32
    // moments below 1e-30 of what they were are taken for none
    expect(Math.abs(row[1]! - m)).toBeLessThan(1e-6 * m + 1e-30);
    expect(Math.abs(row[2]! - v)).toBeLessThan(1e-6 * v + 1e-30);
  }
});
