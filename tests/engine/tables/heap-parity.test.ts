import { describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import type { FusedState } from "../../../lib/fused/fused-memory.js";
import { moved, randomBatch, randomModel, TfjsPath } from "../../fused/model.js";

/** Parameters and state after `steps` steps on one backend, from moments large enough to hide Adam's sign cliff. */
async function run(backend: "cpu" | "wasm", seed: number, steps: number): Promise<[number[], FusedState]> {
  await selectBackend(backend);
  const model = randomModel(seed);
  const path = new TfjsPath(model);
  if (model.optimizer.kind.includes("adam")) {
    const start = path.state();
    const moments: Record<string, Float32Array> = {};
    for (const [name, values] of moved(start)) {
      moments[`${name}.m`] = values.map((x) => 0.1 * x);
      moments[`${name}.v`] = values.map((x, i) => 0.01 + 0.1 * x * x + 0.001 * (i % 3));
    }
    path.optimizer.restore(moments, 7);
  }
  const losses = Array.from({ length: steps }, (_, step) => path.step(randomBatch(model, 300 + step)));
  const state = path.state();
  path.encoder.dispose();
  return [losses, state];
}

describe("kernels in tfjs's heap", () => {
  it("give the plain path's losses, gradients and updates to 1e-5 of each array's largest value, 3 steps on", async () => {
    for (let seed = 101; seed <= 125; seed++) {
      const [losses, want] = await run("cpu", seed, 3);
      const [heapLosses, got] = await run("wasm", seed, 3);
      losses.forEach((loss, step) => {
        expect(Math.abs(heapLosses[step]! - loss), `seed ${seed}`).toBeLessThan(1e-5 * Math.max(1, loss));
      });
      for (const group of ["weights", "tables", "optimizer"] as const)
        for (const [name, values] of Object.entries(want[group])) {
          const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-6);
          const apart = values.reduce((most, x, i) => Math.max(most, Math.abs(x - got[group][name]![i]!)), 0);
          expect(apart / largest, `seed ${seed} ${name}`).toBeLessThan(1e-5);
        }
    }
  });
});
