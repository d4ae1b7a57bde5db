import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import type { Encoder } from "../../lib/encoders/encoder.js";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { valueAndGradients } from "../../lib/engine/ops/gradients.js";
import { Random } from "../../lib/engine/random/random.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import type { Optimizer, OptimizerSpec } from "../../lib/optimizers/optimizer.js";
import { exampleBatch, exampleSpec } from "../encoders/example-encoder.js";
import { DenseReference } from "./dense-reference.js";

const specs: OptimizerSpec[] = [
  { kind: "adam", learningRate: 0.01 },
  { kind: "lazy_adam", learningRate: 0.01 },
  { kind: "adamw", learningRate: 0.01, weightDecay: 0.05 },
  { kind: "sgd", learningRate: 0.1 },
  { kind: "adagrad", learningRate: 0.05 },
];

const loss = batchSoftmax({ temperature: 0.2 });

function trainStep(encoder: Encoder, optimizer: Optimizer, seed: number): number {
  const batch = exampleBatch(4, seed);
  const { value, gradients } = valueAndGradients(
    () => loss(encoder.embedQueries(batch), encoder.embedDocuments(batch)).value,
    encoder,
  );
  optimizer.applyStep(encoder, gradients);
  tf.dispose(gradients);
  const number = value.dataSync()[0]!;
  value.dispose();
  return number;
}

const example = () => createEncoder(exampleSpec("MultiModalTwoTower"), new Random(6));
const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

describe.each<BackendName>(["cpu", "wasm"])("optimizers on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it.each(specs)("$kind leads where the dense method in float64 leads", (spec) => {
    const encoder = example();
    const optimizer = createOptimizer(spec);
    const reference = new DenseReference(spec, encoder);
    for (let step = 0; step < 60; step++) {
      if (step === 30) optimizer.learningRate = reference.learningRate = spec.learningRate / 3;
      const batch = exampleBatch(4, 100 + step);
      const { value, gradients } = valueAndGradients(
        () => loss(encoder.embedQueries(batch), encoder.embedDocuments(batch)).value,
        encoder,
      );
      value.dispose();
      const rows = Object.fromEntries(
        Object.entries(encoder.tables).map(([name, table]) => [name, table.drainGradients()]),
      );
      for (const [name, table] of Object.entries(encoder.tables)) table.drainGradients = () => rows[name]!;
      optimizer.applyStep(encoder, gradients);
      for (const table of Object.values(encoder.tables)) Reflect.deleteProperty(table, "drainGradients");
      reference.apply(gradients, rows);
      tf.dispose(gradients);
    }
    // 60 steps of at most lr each, rounded to float32 (6e-8) at each step on values up to 3: 60 · 2e-7, and as much
    // from the moments
    for (const [name, weight] of Object.entries(encoder.weights))
      expect(largest(weight.dataSync(), reference.values(name)), name).toBeLessThan(2e-5);
    for (const [name, table] of Object.entries(encoder.tables))
      expect(largest(table.weights, reference.values(name)), name).toBeLessThan(2e-5);
  });

  it.each(specs)("$kind continues from a saved state byte for byte", (spec) => {
    const unbroken = example();
    const optimizer = createOptimizer(spec);
    for (let step = 0; step < 6; step++) trainStep(unbroken, optimizer, step);
    const saved = { state: optimizer.state(), step: optimizer.step };
    const resumed = example();
    for (const [name, weight] of Object.entries(resumed.weights))
      weight.assign(unbroken.weights[name]!.clone());
    for (const [name, table] of Object.entries(resumed.tables))
      table.setWeights(unbroken.tables[name]!.weights);
    const second = createOptimizer(spec);
    second.restore(saved.state, saved.step);
    expect(second.state()).toEqual(saved.state);
    for (let step = 6; step < 12; step++)
      expect(trainStep(resumed, second, step)).toBe(trainStep(unbroken, optimizer, step));
    expect(second.state()).toEqual(optimizer.state());
    for (const [name, table] of Object.entries(resumed.tables))
      expect(table.weights).toEqual(unbroken.tables[name]!.weights);
    for (const [name, weight] of Object.entries(resumed.weights))
      expect(weight.dataSync()).toEqual(unbroken.weights[name]!.dataSync());
  });

  it("keeps the number of tensors constant", () => {
    const encoder = example();
    const optimizer = createOptimizer(specs[0]!);
    trainStep(encoder, optimizer, 0);
    const before = tf.memory().numTensors;
    for (let step = 1; step < 5; step++) trainStep(encoder, optimizer, step);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("never moves the padding row", () => {
    for (const spec of specs) {
      const encoder = example();
      const optimizer = createOptimizer(spec);
      for (let step = 0; step < 4; step++) trainStep(encoder, optimizer, step);
      expect([...encoder.tables.text!.weights.subarray(0, 8)]).toEqual(new Array(8).fill(0));
    }
  });
});

describe.each<BackendName>(["cpu", "wasm"])("adam and lazy_adam on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it("differ in the rows a batch leaves out, and only there at first", () => {
    const encoders = [example(), example()];
    const optimizers = [createOptimizer(specs[0]!), createOptimizer(specs[1]!)];
    for (let step = 0; step < 3; step++) encoders.forEach((e, i) => void trainStep(e, optimizers[i]!, step));
    const [exact, lazy] = encoders.map((encoder) => encoder.tables.text!.weights);
    expect(largest(exact!, lazy!)).toBeGreaterThan(1e-4);
  });

  it("follow a gap of a thousand steps as a thousand dense steps would", () => {
    const spec: OptimizerSpec = { kind: "adam", learningRate: 0.01 };
    const encoder = example();
    const optimizer = createOptimizer(spec);
    const reference = new DenseReference(spec, encoder);
    const text = encoder.tables.text!;
    const nothing = { rows: new Int32Array(0), values: new Float32Array(0) };
    // the worst case for the closed form: the row's only gradient comes at the first step, where √(1−β₂ˢ) grows
    // tenfold within the steps that count. Gradients below 1e-7 end up to 2 % of one learning rate off (0.0002 here,
    // computed apart: 0.00017 at 1e-8), larger ones nowhere.
    // gradients from 1e-2 down to 1e-9: roots of second moments on both sides of ε
    const slopes = Float32Array.from({ length: 8 }, (_, i) => 10 ** (-2 - i));
    for (let step = 0; step < 1000; step++) {
      const rows = {
        text: step === 0 ? { rows: Int32Array.of(7), values: slopes } : nothing,
        category: nothing,
      };
      for (const [name, table] of Object.entries(encoder.tables))
        table.drainGradients = () => rows[name as "text"]!;
      optimizer.applyStep(encoder, {});
      reference.apply({}, rows);
    }
    const moved = text.weights.subarray(56, 64);
    const want = reference.values("text").subarray(56, 64);
    moved.forEach((x, i) => {
      expect(Math.abs(x - want[i]!), `gradient ${slopes[i]}`).toBeLessThan(2e-7 + 2e-2 * spec.learningRate);
    });
  });
});

describe("createOptimizer", () => {
  it("names the known kinds and refuses options out of range", () => {
    expect(() => createOptimizer({ kind: "lion", learningRate: 1 } as never)).toThrow(
      'unknown optimizer "lion"; known: adam, lazy_adam, adamw, sgd, adagrad, adam_l2, hf_adamw, lamb',
    );
    expect(() => createOptimizer({ kind: "adam", learningRate: 0 })).toThrow(
      "learningRate must be > 0, got 0",
    );
    expect(() => createOptimizer({ kind: "sgd", learningRate: 1, rowMoments: "bfloat16" } as never)).toThrow(
      'sgd: unknown option "rowMoments"; did you mean momentum?',
    );
    expect(() => createOptimizer({ kind: "adam", learningRate: 1, beta1: 1 })).toThrow(
      "adam: beta1 must be < 1, got 1",
    );
    expect(() => createOptimizer({ kind: "adam", learningRate: 1, beta1: 0.999, beta2: 0.9 })).toThrow(
      "beta1",
    );
  });

  it("refuses gradients without a weight of their size, and saved arrays of another size", () => {
    const encoder = example();
    const optimizer = createOptimizer(specs[0]!);
    expect(() => optimizer.applyStep(encoder, { nobody: tf.scalar(1) })).toThrow(
      'got "nobody" with 1 entries',
    );
    const other = createOptimizer(specs[0]!);
    other.restore({ "text.m": new Float32Array(3) }, 1);
    expect(() => other.applyStep(encoder, {})).toThrow('state "text.m" must have 160 entries, got 3');
  });
});
