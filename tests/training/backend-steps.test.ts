import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import { parametersOf } from "../../lib/encoders/parameters.js";
import { selectBackend } from "../../lib/engine/backend.js";
import { tapeDifferentiation } from "../../lib/engine/ops/differentiation.js";
import { Random } from "../../lib/engine/random/random.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import { pairTask } from "../../lib/training/objectives/batch-task.js";
import { Trainer } from "../../lib/training/trainer.js";
import { exampleBatch, exampleSpec } from "../encoders/example-encoder.js";
import { tinyDataset } from "../support/tiny-dataset.js";

/** Optimisers whose update is ops of the backend. */
const OPTIMIZERS = ["adam", "lazy_adam", "adamw", "sgd", "adagrad"];
const batch = { queries: exampleBatch(7), documents: exampleBatch(7, 2), documentIds: new Int32Array(7) };

/** The native library where it is installed; else tfjs's plain backend under its name, whose memory is as much its own. */
async function startTensorflow(): Promise<string> {
  const native = await selectBackend("tensorflow").catch(() => null);
  if (native) return native.line;
  await selectBackend("cpu");
  const plain = tf.backend().constructor as new () => tf.KernelBackend;
  tf.registerBackend("tensorflow", () => new plain());
  tf.copyRegisteredKernels("cpu", "tensorflow");
  await tf.setBackend("tensorflow");
  return "tfjs's plain backend under the name tensorflow";
}

function trained(kind: string, optimizer: string, steps: number) {
  const encoder = createEncoder(exampleSpec(kind), new Random(6));
  const rule = createOptimizer({ kind: optimizer, learningRate: 0.02 });
  const trainer = new Trainer(encoder, pairTask(batchSoftmax({ temperature: 0.2 })), rule);
  const losses = Array.from({ length: steps }, () => trainer.trainStep(batch as never)!);
  return { trainer, encoder, losses };
}

function numbersOf({ encoder, trainer }: ReturnType<typeof trained>) {
  const parameters = Object.entries(parametersOf(encoder)).map(([name, { data }]) => [name, [...data]]);
  const state = Object.entries(trainer.optimizer.state()).map(([name, data]) => [name, [...data]]);
  return Object.fromEntries([...parameters, ...state]) as Record<string, number[]>;
}

let line = "";
beforeAll(async () => {
  await selectBackend("wasm");
  await selectBackend("cpu");
  line = await startTensorflow();
  console.log(`backend tensorflow: ${line}`);
});
afterAll(async () => {
  await tf.setBackend("cpu");
  if (line.startsWith("tfjs")) tf.removeBackend("tensorflow");
});

describe("training on the backend tensorflow", () => {
  it.each(["TwoTower", "MultiModalTwoTower", "RegularizedSimpleTextEncoder", "SimpleTextEncoder"])(
    "runs every kernel of a %s's step there and reads nothing back but the loss",
    async (kind) => {
      await tf.setBackend("tensorflow");
      const { trainer } = trained(kind, "adam", 2);
      const others = ["cpu", "wasm"].flatMap((name) => tf.getKernelsForBackend(name)!);
      const ran = others.map((kernel) => vi.spyOn(kernel, "kernelFunc"));
      const read = vi.spyOn(tf.Tensor.prototype, "dataSync"); // by code outside of kernels
      const before = tf.memory().numTensors;
      const { kernelNames } = await tf.profile(() => tf.scalar(trainer.trainStep(batch as never)!));
      expect(tf.engine().backendName).toBe("tensorflow");
      expect(ran.filter((spy) => spy.mock.calls.length > 0)).toEqual([]);
      expect(read).toHaveBeenCalledTimes(1);
      expect(kernelNames).toEqual(expect.arrayContaining(["Sqrt", "UnsortedSegmentSum", "GatherV2"]));
      expect(tf.memory().numTensors - before).toBe(1); // the scalar that profile is given
      vi.restoreAllMocks();
    },
  );

  it.each(OPTIMIZERS)(
    "moves weights, rows and state by %s as on the CPU, checkpoints between steps included",
    async (rule) => {
      for (const kind of ["TwoTower", "MultiModalTwoTower"]) {
        await tf.setBackend("cpu");
        const here = trained(kind, rule, 4);
        await tf.setBackend("tensorflow");
        const there = trained(kind, rule, 2);
        const resumed = trained(kind, rule, 0);
        resumed.trainer.restore(structuredClone(there.trainer.state()) as never);
        for (const { trainer } of [there, resumed])
          for (let i = 0; i < 2; i++) trainer.trainStep(batch as never);
        const expected = numbersOf(here);
        for (const run of [there, resumed])
          for (const [name, values] of Object.entries(numbersOf(run))) {
            expect(values, name).toHaveLength(expected[name]!.length);
            const apart = Math.max(...values.map((value, i) => Math.abs(value - expected[name]![i]!)));
            expect(apart, name).toBeLessThan(2e-6); // float32 rounding of numbers below 3
          }
      }
    },
  );

  it("says in one line that a step did not fit, and leaves the parameters as they were", async () => {
    await tf.setBackend("tensorflow");
    const encoder = createEncoder(exampleSpec("TwoTower"), new Random(6));
    const before = structuredClone(parametersOf(encoder));
    const said =
      "OOM when allocating tensor with shape[4096,4096] and type float on device:GPU:0\nHint: more";
    const trainer = new Trainer(
      encoder,
      pairTask(batchSoftmax({ temperature: 0.2 })),
      createOptimizer({ kind: "adam", learningRate: 0.02 }),
      {
        differentiation: {
          ...tapeDifferentiation,
          addGradients: () => {
            throw new Error(said);
          },
        },
      },
    );
    expect(() => trainer.trainStep(batch as never)).toThrow(
      /^training: a step must fit in memory \(a smaller batch_size, .*\), got: OOM when allocating [^\n]*GPU:0$/,
    );
    expect(parametersOf(encoder)).toEqual(before);
    expect(trainer.step).toBe(0);
  });

  it("is never taken unasked, and has no fused steps", async () => {
    expect((await selectBackend("auto")).name).toBe("wasm");
    const config = tinyDataset().config();
    expect(() => loadConfig(config, ["backend=tensorflow", "engine=fused"])).toThrow(
      /engine must be auto or tfjs with backend tensorflow, whose own kernels take the steps, got fused/,
    );
    expect(() =>
      loadConfig(config, ["backend=tensorflow", "optimizer.type=adam", "optimizer.row_moments=bfloat16"]),
    ).toThrow(/row_moments must be float32 with backend tensorflow/);
  });
});
