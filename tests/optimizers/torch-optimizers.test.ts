import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { createOptimizer, optimizers } from "../../lib/optimizers/create-optimizer.js";
import { GroupedOptimizer } from "../../lib/optimizers/grouped-optimizer.js";
import type { Optimizer } from "../../lib/optimizers/optimizer.js";

const { start, scale, centre, paths } = JSON.parse(
  readFileSync("tests/fixtures/torch-optimizers/paths.json", "utf8"),
) as { start: number[]; scale: number[]; centre: number[]; paths: Record<string, number[][]> };

/** Options by name in the fixture, in the published spelling where it differs. */
const options: Record<string, { learningRate: number; [option: string]: unknown }> = {
  Adadelta: { learningRate: 1, weightDecay: 0.01 },
  Adagrad: { learningRate: 0.1 },
  Adam: { learningRate: 0.1 },
  AdamW: { learningRate: 0.1, weightDecay: 0.05 },
  SparseAdam: { learningRate: 0.1 },
  Adamax: { learningRate: 0.1, weightDecay: 0.01 },
  ASGD: { learningRate: 0.02, lambd: 0.01, weightDecay: 0.01 },
  LBFGS: { learningRate: 0.1, max_iter: 3, historySize: 4 },
  NAdam: { learningRate: 0.1 },
  RAdam: { learningRate: 0.1, weightDecay: 0.01 },
  RMSprop: { learningRate: 0.02 },
  "RMSprop centred with momentum": { learningRate: 0.01, centered: true, momentum: 0.5, weightDecay: 0.01 },
  Rprop: { learningRate: 0.1 },
  SGD: { learningRate: 0.02 },
  "SGD with momentum": { learningRate: 0.01, momentum: 0.8, dampening: 0.1, weightDecay: 0.05 },
  "SGD with Nesterov's": { learningRate: 0.01, momentum: 0.8, nesterov: true },
};
const make = (name: string) => createOptimizer({ ...options[name]!, kind: name.split(" ")[0]! });

function evaluate(p: tf.Variable): { loss: number; gradients: Record<string, tf.Tensor> } {
  const x = Array.from(p.dataSync());
  const n = x.length;
  const loss = x.reduce((sum, value, i) => {
    const d = value - centre[i]!;
    return sum + 0.5 * scale[i]! * d * d + 0.25 * d ** 4 + 0.3 * Math.sin(value * x[(i + 1) % n]!);
  }, 0);
  const slopes = x.map((value, i) => {
    const d = value - centre[i]!;
    const [next, before] = [x[(i + 1) % n]!, x[(i + n - 1) % n]!];
    return scale[i]! * d + d ** 3 + 0.3 * (Math.cos(value * next) * next + Math.cos(before * value) * before);
  });
  return { loss, gradients: { p: tf.tensor1d(slopes) } };
}

function step(optimizer: Optimizer, p: tf.Variable): void {
  const parameters = { weights: { p }, tables: {} };
  const first = evaluate(p);
  if (optimizer.stepWith) optimizer.stepWith(parameters, first, () => evaluate(p));
  else optimizer.applyStep(parameters, first.gradients);
}

beforeAll(async () => void (await selectBackend("wasm")));

describe("optimisers against torch", () => {
  it.each(Object.keys(paths))("%s goes the same way, stopped in the middle too", (name) => {
    const p = tf.variable(tf.tensor1d(start));
    let optimizer = make(name);
    paths[name]!.forEach((wanted, at) => {
      if (at === 5) {
        const state = optimizer.state();
        optimizer = make(name);
        optimizer.restore(state, at);
      }
      step(optimizer, p);
      // float32 parameters over a dozen steps
      p.dataSync().forEach((value, i) => {
        expect(Math.abs(value - wanted[i]!), `${name}, step ${at + 1}: ${value} ${wanted[i]}`).toBeLessThan(
          3e-5 * Math.max(1, Math.abs(wanted[i]!)),
        );
      });
    });
    p.dispose();
  });

  it("all thirteen published names are known, and a stranger is told so", () => {
    const names = ["Adadelta", "Adagrad", "Adam", "AdamW", "SparseAdam", "Adamax", "ASGD", "LBFGS", "NAdam"];
    for (const name of [...names, "RAdam", "RMSprop", "Rprop", "SGD"])
      expect(optimizers.kinds()).toContain(optimizers.kindOf(name));
    expect(() => createOptimizer({ kind: "RMSProp2", learningRate: 1 })).toThrow("did you mean rmsprop?");
    expect(() => createOptimizer({ kind: "SGD", learningRate: 1, nesterov: true })).toThrow(
      "nesterov must have a momentum",
    );
  });

  it("L-BFGS refuses a gradient alone, and groups", () => {
    const lbfgs = createOptimizer({ kind: "LBFGS", learningRate: 1 });
    expect(() => lbfgs.applyStep({ weights: {}, tables: {} }, {})).toThrow("lbfgs: must be able to evaluate");
    expect(() => new GroupedOptimizer([{ accepts: () => true, optimizer: lbfgs, factor: 1 }])).toThrow(
      "lbfgs: moves all parameters at once",
    );
  });
});
