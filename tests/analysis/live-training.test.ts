import { afterEach, describe, expect, it } from "vitest";
import { liveTraining } from "../../lib/analysis/live-training.js";
import type { TrainingState } from "../../lib/training/callbacks/callback.js";

interface Shown {
  bundle: Record<string, string>;
  options: { id: string; update: boolean };
}
const kernel = globalThis as { __qdrlDisplay?: (bundle: object, options: object) => void };

/** Two epochs of four batches, as a training tells of them. */
async function train(callback: ReturnType<typeof liveTraining>): Promise<{ told: string[] }> {
  const told: string[] = [];
  const state = {
    ...{ epochs: 2, epoch: 0, step: 0, items: 40, itemsDone: 0, validationLoss: Number.NaN },
    ...{
      loss: 0,
      batchLoss: null as number | null,
      learningRate: 0,
      tell: (line: string) => told.push(line),
    },
  };
  const on = (event: keyof typeof callback.on) => callback.on[event]?.(state as unknown as TrainingState);
  await on("fit_begin");
  for (state.epoch = 0; state.epoch < 2; state.epoch++) {
    state.itemsDone = 0;
    for (let batch = 0; batch < 4; batch++) {
      await on("train_batch_begin");
      state.step++;
      state.itemsDone += 10;
      state.loss = state.batchLoss = 1 / state.step;
      state.learningRate = 0.1 / 2 ** state.step;
      await new Promise((done) => setTimeout(done, 3));
      await on("train_batch_end");
    }
    await on("epoch_end");
  }
  await on("fit_end");
  return { told };
}

describe("liveTraining", () => {
  afterEach(() => {
    delete kernel.__qdrlDisplay;
  });

  it("draws every step's loss and learning rate into one output, with the time left", async () => {
    const shown: Shown[] = [];
    kernel.__qdrlDisplay = (bundle, options) => void shown.push({ bundle, options } as Shown);
    await train(liveTraining({ everySeconds: 0 }));
    expect(shown).toHaveLength(9);
    expect(new Set(shown.map(({ options }) => options.id)).size).toBe(1);
    expect(shown.map(({ options }) => options.update)).toEqual([false, ...Array(8).fill(true)]);
    expect(shown[1]!.bundle["text/plain"]).toMatch(
      /^epoch 1\/2 · step 2 · loss 0\.5000 · learning rate 0\.025 · \d+ s left$/,
    );
    expect(shown[8]!.bundle["text/plain"]).toMatch(/^epoch 2\/2 · step 8 · .* in all$/);
    const points = [...shown[8]!.bundle["text/html"]!.matchAll(/points="([^"]+)"/g)].map(
      ([, list]) => list!.split(" ").length,
    );
    expect(points).toEqual([8, 8]);
    expect(shown[8]!.bundle["text/html"]).toMatch(
      /aria-label="loss against training steps"[\s\S]*>1<[\s\S]*>0\.125</,
    );
  });

  it("lays several trainings over each other", async () => {
    const shown: Shown[] = [];
    kernel.__qdrlDisplay = (bundle, options) => void shown.push({ bundle, options } as Shown);
    const callback = liveTraining({ everySeconds: 3600 });
    await train(callback);
    await train(callback);
    expect(new Set(shown.map(({ options }) => options.id)).size).toBe(2);
    expect(shown.at(-1)!.bundle["text/html"]!.match(/<polyline/g)).toHaveLength(4);
  });

  it("says a line an epoch outside a notebook", async () => {
    const { told } = await train(liveTraining());
    expect(told).toEqual([
      expect.stringMatching(/^epoch 1\/2 · step 4 · loss 0\.2500 · .* left$/),
      expect.stringMatching(/^epoch 2\/2 · step 8 · .*0 s left$/),
    ]);
  });

  it("refuses times that are none", () => {
    expect(() => liveTraining({ everySeconds: -1 })).toThrow(
      "liveTraining: everySeconds must be ≥ 0, got -1",
    );
  });
});
