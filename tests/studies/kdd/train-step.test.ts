import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { exponentialRate } from "../../../lib/studies/kdd/exponential-rate.js";
import { type StepTraining, trainStep } from "../../../lib/studies/kdd/train-step.js";
import { dyingAt } from "../../support/dying-at.js";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-kdd-step-"));
beforeAll(async () => void (await selectBackend("wasm")));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

interface Points {
  x: number[];
  draws: Random;
}

/** Moves one number towards drawn points with noise, from 2 beside a frozen 1; nDCG@5 is made up, best in epoch 3. */
function toy(name: string, changes: Partial<StepTraining<Points>> = {}): StepTraining<Points> {
  const weights = { moved: tf.variable(tf.tensor1d([2])), frozen: tf.variable(tf.tensor1d([1])) };
  const random = new Random(4);
  const scores = [0.2, 0.1, 0.7, 0.7, 0.3];
  let epochNumber = 0;
  const counts = { batches: 0 };
  return {
    ...{ name, dir: path.join(root, name), metricsFile: path.join(root, `${name}.jsonl`), key: "toy" },
    ...{ epochs: 4, use: "best", weights, gamma: 0.5, publishedRates: true, counts },
    groups: [{ name: "all", weights: { moved: weights.moved }, learningRate: 0.1, weightDecay: 0.01 }],
    epoch(number) {
      epochNumber = number;
      const draws = random.fork(`${number}`);
      const batches = (function* () {
        for (let i = 0; i < 3; i++) {
          counts.batches++;
          yield { x: [draws.normal(), draws.normal()], draws };
        }
      })();
      return { steps: 3, items: 6, batches };
    },
    itemsOf: ({ x }) => x.length,
    loss: ({ x, draws }) =>
      tf.mean(
        tf.square(tf.sub(tf.tensor1d(x.map((v) => v + draws.next())), tf.mul(weights.moved, weights.frozen))),
      ) as tf.Scalar,
    measure: () => ({ ndcg5: scores[epochNumber]!, moved: weights.moved.dataSync()[0] }),
    ...changes,
  };
}

const linesOf = (name: string) =>
  fs
    .readFileSync(path.join(root, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("a training of the KDD system", () => {
  it("ends with the first of the best epochs in the weights, and a checkpoint of each epoch", async () => {
    const training = toy("whole");
    expect(await trainStep(training, {})).toEqual({ ndcg: [0.2, 0.1, 0.7, 0.7], epoch: 3 });
    expect(training.weights["moved"]!.dataSync()[0]).toBe(linesOf("whole")[2].moved);
    expect(training.weights["frozen"]!.dataSync()[0]).toBe(1);
    expect(training.counts).toEqual({ batches: 12 });
    expect(fs.readdirSync(path.join(root, "whole", "checkpoints"))).toHaveLength(4);
  });

  it("moves by Adam at the rate of each epoch, decay added to the gradient", async () => {
    const training = toy("followed");
    await trainStep(training, {});
    // Adam by hand over the same draws
    let [w, m, v, t] = [2, 0, 0, 0];
    for (const [epoch, { moved }] of linesOf("followed").entries()) {
      const draws = new Random(4).fork(`${epoch}`);
      for (let i = 0; i < 3; i++) {
        const x = [draws.normal(), draws.normal()];
        const targets = x.map((value) => value + draws.next());
        const slope = targets.reduce((sum, target) => sum + w - target, 0) + 0.01 * w;
        t++;
        m = 0.9 * m + 0.1 * slope;
        v = 0.999 * v + 0.001 * slope * slope;
        const rate = exponentialRate(0.1, 0.5, epoch, true);
        w -= (rate * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
      }
      expect(moved).toBeCloseTo(w, 5);
    }
  });

  it("killed at any kind of write, goes on after its last checkpoint to the same bytes", async () => {
    const wanted = fs.readFileSync(path.join(root, "whole.jsonl"), "utf8");
    const last = (name: string) =>
      fs.readFileSync(path.join(root, name, "checkpoints", "epoch-00004.safetensors"));
    const writes = await dyingAt(Number.POSITIVE_INFINITY, () => trainStep(toy("counted"), {}));
    const kinds = [...new Set(writes)];
    expect(kinds.some((kind) => kind.startsWith("renameSync .epoch"))).toBe(true);
    expect(kinds.some((kind) => kind.startsWith("appendFileSync counted"))).toBe(true);
    for (const [number, kind] of kinds.entries()) {
      const places = writes.flatMap((each, place) => (each === kind ? [place] : []));
      const name = `killed${number}`;
      await dyingAt(places[places.length >> 1]!, () => trainStep(toy(name), {}));
      const training = toy(name);
      expect(await trainStep(training, {}), kind).toEqual({ ndcg: [0.2, 0.1, 0.7, 0.7], epoch: 3 });
      expect(training.counts, kind).toEqual({ batches: 12 });
      expect(fs.readFileSync(path.join(root, `${name}.jsonl`), "utf8"), kind).toBe(wanted);
      expect(last(name).equals(last("whole")), kind).toBe(true);
    }
  });

  it("adds epochs, takes another epoch without training, and starts over for another key", async () => {
    const lines: string[] = [];
    const listener = { line: (line: string) => void lines.push(line) };
    await trainStep(toy("whole", { epochs: 5 }), listener);
    expect(lines.filter((line) => line.startsWith("whole, epoch"))).toHaveLength(1);
    const earlier = toy("whole", { epochs: 5, use: 2 });
    expect((await trainStep(earlier, {})).epoch).toBe(2);
    expect(earlier.weights["moved"]!.dataSync()[0]).toBe(linesOf("whole")[1].moved);
    expect(linesOf("whole")).toHaveLength(5);
    lines.length = 0;
    await trainStep(toy("whole", { key: "other", epochs: 2 }), listener);
    expect(lines.filter((line) => line.startsWith("whole, epoch"))).toHaveLength(2);
    expect(linesOf("whole")).toHaveLength(2);
  });

  it("stops where no epoch has a batch", async () => {
    const epoch = () => ({ steps: 0, items: 0, batches: [], whenEmpty: () => new Error("no batch") });
    await expect(trainStep(toy("empty", { epoch }), {})).rejects.toThrow("no batch");
  });
});
