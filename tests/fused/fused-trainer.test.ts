import { beforeAll, describe, expect, it } from "vitest";
import { encodeAll } from "../../lib/encoders/encode-all.js";
import { selectBackend } from "../../lib/engine/backend.js";
import type { FusedState } from "../../lib/fused/fused-memory.js";
import { createFusedTrainer } from "../../lib/fused/fused-trainer.js";
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

/** Largest difference, relative to the largest value of the array or to `floor`. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>, floor: number): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  let scale = floor;
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
    scale = Math.max(scale, Math.abs(b[i]!));
  }
  return most / scale;
}

function expectStatesClose(got: FusedState, want: FusedState, tolerance: number): void {
  expect(got.step).toBe(want.step);
  for (const group of ["weights", "tables", "optimizer"] as const) {
    expect(Object.keys(got[group]).sort()).toEqual(Object.keys(want[group]).sort());
    for (const [name, values] of Object.entries(want[group]))
      expect(distance(got[group][name]!, values, 1e-6), name).toBeLessThan(tolerance);
  }
}

const adamlike = (model: Model) => model.optimizer.kind.includes("adam");

describe("FusedTrainer", () => {
  beforeAll(async () => void (await selectBackend("cpu")));

  /**
   * One step from equal parameters. Losses, moments (that is, gradients) and weights agree to 1e-5 of the largest
   * value of each array. Adam's first step is lr · sign(g): a gradient that rounds to 0 on one path and to 1e-12 on
   * the other moves by lr there, so weights are compared after one step of a rule without that cliff, and for the
   * Adam family after the moments were made large by a second start state.
   */
  it("equals the tfjs path in one step, for random models and batches", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const model = randomModel(seed);
      const tfjs = new TfjsPath(model);
      const start = tfjs.state();
      start.optimizer = {};
      if (adamlike(model)) {
        for (const [name, values] of moved(start)) {
          start.optimizer[`${name}.m`] = values.map((x) => 0.1 * x);
          start.optimizer[`${name}.v`] = values.map((x, i) => 0.01 + 0.1 * x * x + 0.001 * (i % 3));
        }
        start.step = 7;
        tfjs.optimizer.restore(start.optimizer, 7);
      }
      const fused = fusedPath(model, 1, start);
      const batch = randomBatch(model, seed);
      const loss = tfjs.step(batch);
      const label = `seed ${seed}: ${model.encoder.kind}, ${model.loss.kind}, ${model.optimizer.kind}`;
      expect(Math.abs(fusedStep(fused, model, batch) - loss), label).toBeLessThan(1e-5 * Math.max(1, loss));
      expectStatesClose(fused.exportState(), tfjs.state(), 1e-5);
      fused.close();
    }
  });

  it("stays within float32 drift of the tfjs path over 200 steps", () => {
    const model: Model = {
      ...randomModel(2),
      loss: { kind: "batch_softmax", temperature: 0.3 },
      maxBatch: 13,
    };
    model.optimizer = { kind: "adam", learningRate: 0.003 };
    const tfjs = new TfjsPath(model);
    const fused = fusedPath(model, 1, { ...tfjs.state(), optimizer: {} });
    for (let step = 0; step < 200; step++) {
      const batch = randomBatch(model, 1000 + step);
      const want = tfjs.step(batch);
      // rounding differences grow with each step through ReLU and Adam's normalisation; 1e-3 of the loss after 200
      expect(Math.abs(fusedStep(fused, model, batch) - want), `step ${step}`).toBeLessThan(
        1e-3 * Math.max(1, want),
      );
    }
    const [got, want] = [fused.exportState(), tfjs.state()];
    for (const [name, values] of Object.entries(want.tables))
      expect(distance(got.tables[name]!, values, 1)).toBeLessThan(2e-3);
    fused.close();
  });

  it("gives identical bytes with 1, 2, 3 and 8 threads", () => {
    const cuts = { firstNgram: 4, wordsLimit: 3 };
    for (const [seed, words, counts] of [
      [3, cuts, [1, 2, 3]], // one table, queries in three parts
      [11, null, [1, 2, 3]],
      [17, null, [1, 2, 3]],
      [17, cuts, [1, 2, 3, 8]], // a table per side, idle rows that move
    ] as const) {
      const model: Model = { ...randomModel(seed), maxBatch: 67, words };
      if (model.teaching) model.teaching = { weight: 0.7, contrastive: 0.6, temperature: 0.2 };
      const start = { ...new TfjsPath(model).state(), optimizer: {} };
      const results = counts.map((threads) => {
        const fused = fusedPath(model, threads, start);
        const losses = [];
        for (let step = 0; step < 12; step++) {
          const batch = randomBatch(model, 50 + step);
          losses.push(fusedStep(fused, model, batch));
        }
        const embeddings = fused.encode(randomBatch(model, 99).documents, "document");
        const state = fused.exportState();
        fused.close();
        return { losses, state, embeddings };
      });
      for (const result of results.slice(1)) expect(result).toEqual(results[0]);
    }
  });

  it("hands its state to the tfjs path and takes it back", () => {
    for (const kind of ["adam", "lazy_adam", "adagrad"] as const) {
      const model: Model = { ...randomModel(9), maxBatch: 13, optimizer: { kind, learningRate: 0.01 } };
      const straight = fusedPath(model, 2, { ...new TfjsPath(model).state(), optimizer: {} });
      const first = fusedPath(model, 2, straight.exportState());
      const steps = (from: number, to: number, step: (batch: ReturnType<typeof randomBatch>) => number) =>
        Array.from({ length: to - from }, (_, i) => step(randomBatch(model, from + i)));
      const losses = steps(0, 5, (batch) => fusedStep(first, model, batch));
      const between = new TfjsPath(model);
      between.restore(first.exportState());
      losses.push(...steps(5, 9, (batch) => between.step(batch)));
      const last = fusedPath(model, 1, between.state());
      expect(last.exportState()).toEqual(between.state()); // nothing is lost on the way back
      losses.push(...steps(9, 12, (batch) => fusedStep(last, model, batch)));
      const want = steps(0, 12, (batch) => fusedStep(straight, model, batch));
      // four of twelve steps were rounded otherwise
      for (let i = 0; i < 12; i++)
        expect(Math.abs(losses[i]! - want[i]!), `${kind}, step ${i}`).toBeLessThan(i < 5 ? 1e-12 : 1e-4);
      expectStatesClose(last.exportState(), straight.exportState(), 1e-3);
      for (const trainer of [straight, first, last]) trainer.close();
    }
  });

  it("resumes from its own state byte for byte", () => {
    const model: Model = { ...randomModel(9), optimizer: { kind: "adam", learningRate: 0.01 } };
    const fused = fusedPath(model, 2, { ...new TfjsPath(model).state(), optimizer: {} });
    for (let step = 0; step < 5; step++) fusedStep(fused, model, randomBatch(model, step));
    const resumed = fusedPath(model, 1, fused.exportState());
    for (let step = 5; step < 9; step++) {
      const batch = randomBatch(model, step);
      expect(fusedStep(resumed, model, batch)).toBe(fusedStep(fused, model, batch));
    }
    expect(resumed.exportState()).toEqual(fused.exportState());
    resumed.close();
    fused.close();
  });

  it("encodes as the tfjs path does", () => {
    for (const seed of [4, 6, 8, 12]) {
      const model = randomModel(seed);
      const tfjs = new TfjsPath(model);
      const fused = fusedPath(model, 2, { ...tfjs.state(), optimizer: {} });
      const batch = randomBatch({ ...model, maxBatch: 150 }, seed);
      const sides = { query: batch.queries, document: batch.documents };
      for (const side of ["query", "document"] as const)
        expect(
          distance(fused.encode(sides[side], side), encodeAll(tfjs.encoder, sides[side], side), 0.1),
        ).toBeLessThan(1e-5);
      fused.close();
    }
  });

  it("updates nothing when the loss is not finite", () => {
    const model = randomModel(7);
    const start = { ...new TfjsPath(model).state(), optimizer: {} };
    for (const weights of Object.values(start.weights)) weights.fill(Number.NaN);
    const fused = fusedPath(model, 2, start);
    const batch = randomBatch(model, 1);
    const before = fused.exportState();
    expect(fusedStep(fused, model, batch)).toBeNaN();
    expect(fused.step).toBe(0);
    expect(fused.exportState()).toEqual(before);
    fused.close();
  });

  it("refuses what does not fit, with ids of every kind of wrongness, and computes nothing", () => {
    const model: Model = { ...randomModel(5), maxBatch: 5 };
    const fused = fusedPath(model, 1, { ...new TfjsPath(model).state(), optimizer: {} });
    const before = fused.exportState();
    const rows = model.encoder.textEmbedding.numEmbeddings;
    for (const bad of [rows, -1, 2 ** 31 - 1, -(2 ** 31), rows + 1]) {
      const batch = randomBatch(model, 1);
      const column = batch.documents.columns.title as { ids: Int32Array };
      column.ids[column.ids.length - 1] = bad;
      expect(() => fusedStep(fused, model, batch)).toThrow(`must be in [0, ${rows}), got ${bad}`);
    }
    const large = randomBatch({ ...model, maxBatch: 64 }, 2);
    expect(() => fusedStep(fused, model, large)).toThrow("of 1 to 5 rows");
    const { documents } = randomBatch(model, 1);
    const { size } = documents;
    expect(() => fused.trainStep({ size, columns: {} }, documents)).toThrow('ids of feature "query"');
    expect(fused.exportState()).toEqual(before);
    expect(() => fused.importState({ ...before, tables: {} })).toThrow("text must have");
    fused.close();
  });
});

describe("createFusedTrainer", () => {
  const refusal = (change: Partial<Model>) => {
    const model = { ...randomModel(5), ...change };
    return createFusedTrainer({
      encoderSpec: model.encoder,
      lossSpec: model.loss,
      optimizerSpec: model.optimizer,
      maxBatch: 4,
      queryLength: 2,
      documentLength: 2,
    }).reason;
  };
  it("pools bags row by row where the sums of their words would take the memory that tables and batch leave", () => {
    const text = { numEmbeddings: 50, embeddingDim: 256 };
    const model: Model = {
      ...randomModel(1),
      encoder: {
        ...randomModel(1).encoder,
        textEmbedding: text,
        hiddenLayers: [],
        lastLinear: false,
        outputDim: 256,
      },
      loss: { kind: "batch_softmax", temperature: 0.3 },
      words: { firstNgram: 5, wordsLimit: 600 },
      maxBatch: 4096, // 8,192 bags of up to 600 words of 1 KiB each: 5 GB
      queryLength: 600,
      documentLength: 600,
    };
    const { trainer, reason } = createFusedTrainer(fusedModel(model));
    expect(reason).toBeNull();
    const batch = randomBatch({ ...model, maxBatch: 2, queryLength: 600, documentLength: 600 }, 1);
    expect(Number.isFinite(fusedStep(trainer!, model, batch))).toBe(true);
    trainer!.close();
  });

  it("says why it does not apply", () => {
    const { encoder } = randomModel(5);
    expect(refusal({ encoder: { ...encoder, kind: "RegularizedSimpleTextEncoder" } })).toMatch(
      "no fused step",
    );
    expect(refusal({ loss: { kind: "hinge" } as never })).toBe("loss hinge has no fused step");
    expect(refusal({ optimizer: { kind: "lion" } as never })).toBe("optimizer lion has no fused step");
    const halfSum = { kind: "adagrad", learningRate: 1, rowMoments: "bfloat16" } as never;
    expect(refusal({ optimizer: halfSum })).toBe("bfloat16 moments of adagrad have no fused step");
    expect(refusal({ encoder: { ...encoder, outputDim: 6, lastLinear: true } })).toMatch(
      "multiples of 4, got 6",
    );
    const huge = { numEmbeddings: 2e7, embeddingDim: 256 };
    expect(refusal({ encoder: { ...encoder, textEmbedding: huge } })).toMatch("must fit in 4 GiB");
  });
});
