import { describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { layoutFused } from "../../lib/fused/fused-layout.js";
import type { FusedState } from "../../lib/fused/fused-memory.js";
import { planFused } from "../../lib/fused/fused-plan.js";
import type { OptimizerSpec } from "../../lib/optimizers/optimizer.js";
import {
  fusedModel,
  fusedPath,
  fusedStep,
  type Model,
  moved,
  randomBatch,
  randomModel,
  TfjsPath,
} from "./model.js";

const kinds = ["adam", "lazy_adam", "adamw"] as const;

function model(seed: number, rowMoments: "float32" | "bfloat16" = "bfloat16"): Model {
  const optimizer: OptimizerSpec = { kind: kinds[seed % 3]!, learningRate: 0.01, rowMoments };
  return { ...randomModel(seed), optimizer };
}

/** Parameters as they start and moments large enough to hide the cliff of Adam's first step, after seven steps. */
function startOf(path: TfjsPath): FusedState {
  const start = path.state();
  start.optimizer = {};
  for (const [name, values] of moved(start)) {
    start.optimizer[`${name}.m`] = values.map((x) => 0.1 * x);
    start.optimizer[`${name}.v`] = values.map((x, i) => 0.01 + 0.1 * x * x + 0.001 * (i % 3));
  }
  start.step = 7;
  path.restore(start);
  return start;
}

/**
 * Two paths round sums differently in the last bit of float32; once in some thousand numbers the noise then makes
 * another neighbour of it. So: weights to 1e-5 of the largest but for one in 50, and those by no more than two such
 * roundings move them (1/64 of a learning rate, .01); moments of rows within two neighbours (1/64), one in 50 not the same.
 */
function expectAlike(got: FusedState, want: FusedState, label: string): void {
  for (const group of ["weights", "tables", "optimizer"] as const)
    for (const [name, values] of Object.entries(want[group])) {
      const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-6);
      let others = 0;
      values.forEach((x, i) => {
        const apart = Math.abs(got[group][name]![i]! - x);
        if (apart > 1e-5 * scale) others++;
        const most = group === "optimizer" ? Math.abs(x) / 64 + 1e-5 * scale : 0.01 / 64 + 1e-5 * scale;
        expect(apart, `${label} ${name}`).toBeLessThan(most);
      });
      expect(others, `${label} ${name} of ${values.length}`).toBeLessThanOrEqual(values.length / 50 + 1);
    }
}

const steps = [301, 302];

describe("bfloat16 moments of rows", () => {
  it("are the same in plain loops, in tfjs's heap and in fused steps, idle rows included", async () => {
    for (let seed = 1; seed <= 18; seed++) {
      await selectBackend("cpu");
      const plain = new TfjsPath(model(seed));
      const start = startOf(plain);
      for (const step of steps) plain.step(randomBatch(model(seed), step));
      const want = plain.state();
      const fused = fusedPath(model(seed), 1, start);
      for (const step of steps) fusedStep(fused, model(seed), randomBatch(model(seed), step));
      expectAlike(fused.exportState(), want, `fused, seed ${seed}`);
      fused.close();
      await selectBackend("wasm");
      const heap = new TfjsPath(model(seed));
      heap.restore(start);
      for (const step of steps) heap.step(randomBatch(model(seed), step));
      expectAlike(heap.state(), want, `heap, seed ${seed}`);
      heap.encoder.dispose();
    }
  });

  it("are not those of float32, and bfloat16 numbers all of them, but for dense weights", async () => {
    await selectBackend("cpu");
    const [half, full] = (["bfloat16", "float32"] as const).map((rowMoments) => {
      const path = new TfjsPath(model(3, rowMoments));
      startOf(path);
      for (const step of steps) path.step(randomBatch(model(3), step));
      return path.state();
    });
    const isHalf = (values: Float32Array) =>
      new Int32Array(values.buffer, values.byteOffset, values.length).every((word) => (word & 0xffff) === 0);
    for (const [name, values] of Object.entries(half!.optimizer)) {
      const isRow = Object.keys(half!.tables).some((table) => name.startsWith(`${table}.`));
      expect(isHalf(values), name).toBe(isRow);
      expect(isHalf(full!.optimizer[name]!), name).toBe(false);
    }
  });

  it("give identical bytes with 1, 2 and 3 threads", async () => {
    await selectBackend("cpu");
    const tried = { ...model(15), maxBatch: 67 }; // adam, so that idle rows are caught up by every thread
    expect(tried.optimizer.kind).toBe("adam");
    const start = { ...new TfjsPath(tried).state(), optimizer: {} };
    const results = [1, 2, 3].map((threads) => {
      const fused = fusedPath(tried, threads, start);
      const losses = Array.from({ length: 5 }, (_, i) => fusedStep(fused, tried, randomBatch(tried, 50 + i)));
      const state = fused.exportState();
      fused.close();
      return { losses, state };
    });
    for (const result of results.slice(1)) expect(result).toEqual(results[0]);
  });

  it("resume from a saved state byte for byte, on every path", async () => {
    for (const backend of ["cpu", "wasm"] as const) {
      await selectBackend(backend);
      const unbroken = new TfjsPath(model(9));
      startOf(unbroken);
      for (let step = 0; step < 4; step++) unbroken.step(randomBatch(model(9), step));
      const resumed = new TfjsPath(model(9));
      resumed.restore(unbroken.state());
      for (let step = 4; step < 8; step++) {
        const batch = randomBatch(model(9), step);
        expect(resumed.step(batch)).toBe(unbroken.step(batch));
      }
      expect(resumed.state()).toEqual(unbroken.state());
    }
    const fused = fusedPath(model(9), 2, { ...new TfjsPath(model(9)).state(), optimizer: {} });
    for (let step = 0; step < 5; step++) fusedStep(fused, model(9), randomBatch(model(9), step));
    const resumed = fusedPath(model(9), 1, fused.exportState());
    for (let step = 5; step < 9; step++) {
      const batch = randomBatch(model(9), step);
      expect(fusedStep(resumed, model(9), batch)).toBe(fusedStep(fused, model(9), batch));
    }
    expect(resumed.exportState()).toEqual(fused.exportState());
    resumed.close();
    fused.close();
  });

  it("follow float32 over 300 steps: the same loss to 2 % on average", async () => {
    await selectBackend("cpu");
    const mean = (rowMoments: "float32" | "bfloat16") => {
      const tried: Model = {
        ...model(2, rowMoments),
        loss: { kind: "batch_softmax", temperature: 0.3 },
        maxBatch: 13,
      };
      tried.optimizer = { kind: "adam", learningRate: 0.003, rowMoments };
      const fused = fusedPath(tried, 1, { ...new TfjsPath(tried).state(), optimizer: {} });
      let sum = 0;
      // ten batches again and again, so that there is something to learn
      for (let step = 0; step < 300; step++) {
        const loss = fusedStep(fused, tried, randomBatch(tried, 1000 + (step % 10)));
        if (step >= 200) sum += loss / 100;
      }
      fused.close();
      return sum;
    };
    const [full, half] = [mean("float32"), mean("bfloat16")];
    expect(Math.abs(half / full - 1)).toBeLessThan(0.02);
  });

  it("take 8 bytes per parameter of a row with all its state, instead of 12", () => {
    const strides = (["bfloat16", "float32"] as const).map((rowMoments) => {
      const plan = planFused(fusedModel(model(3, rowMoments)));
      if (typeof plan === "string") throw new Error(plan);
      const [table] = layoutFused(plan, 1).tables;
      return table!.stride / table!.dim;
    });
    expect(strides).toEqual([8, 12]);
  });
});
