import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { EmbeddingTable } from "../../lib/engine/tables/embedding-table.js";
import { createOptimizer, registerOptimizer } from "../../lib/optimizers/create-optimizer.js";
import { GroupedOptimizer } from "../../lib/optimizers/grouped-optimizer.js";
import { layerOf, layerRates, layerWiseOptimizer } from "../../lib/optimizers/layer-wise.js";
import type { Optimizer, OptimizerSpec } from "../../lib/optimizers/optimizer.js";
import { SpanOptimizer } from "../../lib/optimizers/span-optimizer.js";
import { interpolateWeights, WeightAverage } from "../../lib/optimizers/weight-average.js";
import { expectClose, vector } from "../support/vectors.js";

/** Values of a single parameter after each gradient. */
function path(optimizer: Optimizer, start: number, gradients: number[]): number[] {
  const weight = tf.tidy(() => tf.variable(tf.tensor1d([start])));
  return gradients.map((g) => {
    tf.tidy(() =>
      optimizer.applyStep({ weights: { w: weight as tf.Variable }, tables: {} }, { w: tf.tensor1d([g]) }),
    );
    return weight.dataSync()[0]!;
  });
}

beforeAll(async () => void (await selectBackend("cpu")));

describe("optimisers match their vectors:", () => {
  it("Adam, Adam with L2, AdamW", () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/adam_steps");
    const common = { learningRate: inputs.lr, beta1: inputs.betas[0], beta2: inputs.betas[1] };
    const specs: Record<string, OptimizerSpec> = {
      "adam_eps_1e-8": { kind: "adam", ...common },
      "adam_weight_decay_0.1": { kind: "adam_l2", ...common, weightDecay: 0.1 },
      "adamw_weight_decay_0.1": { kind: "adamw", ...common, weightDecay: 0.1 },
    };
    // parameters near 1 are rounded to float32 at each step
    for (const [name, spec] of Object.entries(specs))
      expectClose(
        path(createOptimizer(spec), inputs.parameter, inputs.gradients),
        expected[name],
        3e-7,
        name,
      );
  });

  it("Hugging Face's AdamW", () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/hf_adamw_steps");
    const optimizer = createOptimizer({
      kind: "hf_adamw",
      learningRate: inputs.lr,
      epsilon: inputs.eps,
      weightDecay: inputs.weight_decay,
    });
    expectClose(path(optimizer, inputs.parameter, inputs.gradients), expected, 3e-7);
  });

  it("SGD with gradients zeroed each step", () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/gradient_zeroing");
    const optimizer = createOptimizer({ kind: "sgd", learningRate: inputs.lr });
    expectClose(
      path(optimizer, inputs.parameter, inputs.gradients_per_step),
      expected.zeroed_each_step,
      1e-6,
    );
  });

  it("layer-wise decay and weight interpolation", () => {
    const rates = vector("4-finetuner/layerwise_lr_decay");
    const { lr, decay, layers_bottom_to_top } = rates.inputs;
    expectClose(layerRates(lr, decay, layers_bottom_to_top), rates.expected, rates.tolerance);
    const { inputs, expected } = vector("4-finetuner/wise_ft");
    inputs.alphas.forEach((alpha: number, i: number) => {
      const mixed = interpolateWeights({ w: inputs.pretrained }, { w: inputs.finetuned }, alpha);
      expectClose(mixed["w"], expected[i], 1e-6);
    });
    expect(() => interpolateWeights({ w: [1] }, { w: [1] }, 2)).toThrow("alpha must be in [0, 1], got 2");
    expect(() => interpolateWeights({ w: [1] }, { v: [1] }, 1)).toThrow("got different w, v");
  });
});

describe("LAMB", () => {
  it("scales Adam's step to the length of the parameters, per weight and per touched row", () => {
    const random = new Random(4);
    const spec: OptimizerSpec = { kind: "lamb", learningRate: 0.1, weightDecay: 0.02 };
    const optimizer = createOptimizer(spec);
    const start = Array.from({ length: 6 }, () => random.normal());
    const weight = tf.variable(tf.tensor2d(start, [2, 3])) as tf.Variable;
    const table = new EmbeddingTable({ rows: 5, dim: 3, random });
    const before = table.weights.slice();
    const [p, m, v] = [start.slice(), new Array(6).fill(0), new Array(6).fill(0)];
    for (let step = 1; step <= 3; step++) {
      const g = Array.from({ length: 6 }, () => random.normal());
      tf.tidy(() => {
        const { grads } = tf.variableGrads(
          () => tf.sum(tf.mul(table.lookup(Int32Array.of(2)), tf.tensor2d([g.slice(0, 3)]))) as tf.Scalar,
          [table.anchor],
        );
        expect(Object.keys(grads)).toHaveLength(1);
        optimizer.applyStep({ weights: { weight }, tables: { table } }, { weight: tf.tensor2d(g, [2, 3]) });
      });
      const direction = p.map((x, i) => {
        m[i] = 0.9 * m[i] + 0.1 * g[i]!;
        v[i] = 0.999 * v[i] + 0.001 * g[i]! ** 2;
        return m[i] / (1 - 0.9 ** step) / (Math.sqrt(v[i] / (1 - 0.999 ** step)) + 1e-6) + 0.02 * x;
      });
      const ratio = Math.hypot(...p) / Math.hypot(...direction);
      p.forEach((x, i) => {
        p[i] = x - 0.1 * ratio * direction[i]!;
      });
      expectClose(weight.dataSync(), p, 1e-5);
    }
    const after = table.weights;
    const moved = [0, 1, 2, 3, 4].filter((row) =>
      [0, 1, 2].some((d) => after[row * 3 + d] !== before[row * 3 + d]),
    );
    expect(moved).toEqual([2]);
  });

  it("continues from a saved state byte for byte", () => {
    const gradients = [0.5, -0.2, 0.1, 0.7, -0.4];
    const whole = path(createOptimizer({ kind: "lamb", learningRate: 0.05 }), 1, gradients);
    const first = createOptimizer({ kind: "lamb", learningRate: 0.05 });
    const part = path(first, 1, gradients.slice(0, 2));
    const second = createOptimizer({ kind: "lamb", learningRate: 0.05 });
    second.restore(first.state(), first.step);
    expect(path(second, part[1]!, gradients.slice(2))).toEqual(whole.slice(2));
  });
});

describe("groups of parameters", () => {
  it("layers are told by name", () => {
    expect(["query.0.weight", "tower.12.bias", "head.weight"].map((name) => layerOf(name, "weight"))).toEqual(
      [1, 13, 1],
    );
    expect(layerOf("text", "table")).toBe(0);
  });

  it("lower layers move less by the decay, and schedules reach all of them", () => {
    const names = { weights: ["tower.0.weight", "tower.1.weight"], tables: [] };
    const optimizer = layerWiseOptimizer(() => createOptimizer({ kind: "sgd", learningRate: 1 }), 0.5, names);
    const weights = Object.fromEntries(
      [...names.weights, "loss.scale"].map((name) => [name, tf.variable(tf.tensor1d([0])) as tf.Variable]),
    );
    const step = () => {
      tf.tidy(() =>
        optimizer.applyStep(
          { weights, tables: {} },
          Object.fromEntries(Object.keys(weights).map((name) => [name, tf.tensor1d([-1])])),
        ),
      );
      return Object.values(weights).map((weight) => weight.dataSync()[0]);
    };
    expect(step()).toEqual([0.5, 1, 1]);
    optimizer.learningRate = 0.1;
    expectClose(step(), [0.55, 1.1, 1.1], 1e-6);
    expect(optimizer.learningRate).toBeCloseTo(0.1, 12);
    expect(optimizer.step).toBe(2);
  });

  it("keep their own state through a restore", () => {
    const make = () =>
      new GroupedOptimizer([
        {
          accepts: (name) => name.startsWith("loss."),
          optimizer: createOptimizer({ kind: "adam", learningRate: 0.1 }),
          factor: 1,
        },
        { accepts: () => true, optimizer: createOptimizer({ kind: "lamb", learningRate: 0.1 }), factor: 1 },
      ]);
    const [a, b] = [make(), make()];
    const weights = {
      w: tf.variable(tf.tensor1d([1])) as tf.Variable,
      "loss.t": tf.variable(tf.tensor1d([1])) as tf.Variable,
    };
    const step = (optimizer: Optimizer) =>
      tf.tidy(() =>
        optimizer.applyStep({ weights, tables: {} }, { w: tf.tensor1d([0.3]), "loss.t": tf.tensor1d([0.2]) }),
      );
    step(a);
    b.restore(a.state(), a.step);
    expect(b.state()).toEqual(a.state());
    const values = [weights.w.dataSync()[0]!, weights["loss.t"].dataSync()[0]!];
    step(a);
    const after = [weights.w.dataSync()[0], weights["loss.t"].dataSync()[0]];
    weights.w.assign(tf.tensor1d([values[0]!]));
    weights["loss.t"].assign(tf.tensor1d([values[1]!]));
    step(b);
    expect([weights.w.dataSync()[0], weights["loss.t"].dataSync()[0]]).toEqual(after);
  });
});

describe("weight average", () => {
  it("is the exponential moving average, started at the first value", () => {
    const average = new WeightAverage(0.75);
    for (const value of [8, 4, 0]) average.add({ w: [value] });
    expect([...average.values()["w"]!]).toEqual([(8 * 0.75 + 4 * 0.25) * 0.75]);
    expect(() => new WeightAverage(1)).toThrow("decay must be in [0, 1), got 1");
  });
});

it("an optimiser of one's own registers by name", () => {
  registerOptimizer("signs", ({ learningRate }: { learningRate: number }) => {
    const rule = {
      kind: "signs",
      slots: [],
      update: (
        { values, gradient }: { values: Float32Array; gradient: Float32Array },
        _step: number,
        rate: number,
      ) => {
        for (let i = 0; i < values.length; i++) values[i]! -= rate * Math.sign(gradient[i]!);
      },
    };
    return new SpanOptimizer(rule, learningRate);
  });
  expect(path(createOptimizer({ kind: "signs", learningRate: 0.5 } as never), 1, [3, -2])).toEqual([0.5, 1]);
});
