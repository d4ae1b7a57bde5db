// Training step of a 2-layer, 128-dim encoder on wasm against PyTorch's, in alternating rounds, and where ours goes.
//   PYTHON=python3 node --import tsx bench/transformer-step.ts [ROUNDS] [THREADS]
// 32 pairs, 16 and 64 word-pieces, in-batch softmax, Adam. Without torch the PyTorch column is left out.
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import * as tf from "@tensorflow/tfjs";
import { smallArchitecture } from "../lib/encoders/transformer/architecture.js";
import { TransformerEncoder } from "../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import type { PairBatch } from "../lib/experiment/pairs.js";
import { type TokenColumn, tokenColumn } from "../lib/features/token-column.js";
import { batchSoftmax } from "../lib/losses/batch-softmax.js";
import { createOptimizer } from "../lib/optimizers/create-optimizer.js";
import { pairTask } from "../lib/training/objectives/batch-task.js";
import { Trainer } from "../lib/training/trainer.js";
import { median, timeMs } from "./measure.js";

const rounds = Number(process.argv[2] ?? 5);
const threads = Number(process.argv[3] ?? 1);
const python = process.env["PYTHON"] ?? "python3";
const [V, D, B, TQ, TD, STEPS] = [8000, 128, 32, 16, 64, 5];

console.log((await selectBackend("wasm")).line);
const random = new Random(1);
const encoder = new TransformerEncoder(
  {
    architecture: smallArchitecture(V, D, 2, { hiddenDropout: 0, attentionDropout: 0 }),
    pooling: "mean",
    normalize: true,
    sides: "shared",
    queryTextFeature: "text",
    documentTextFeature: "text",
  },
  random,
);
const adam = { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, learningRate: 1e-4 };
const trainer = new Trainer(
  encoder,
  pairTask(batchSoftmax({ temperature: 0.05 })),
  createOptimizer(adam as never),
);
const column = (length: number): TokenColumn =>
  tokenColumn(
    Array.from({ length: B }, () => ({
      ids: Int32Array.from({ length }, () => 5 + random.int(V - 5)),
      typeIds: new Uint8Array(length),
    })),
  );
const own = Int32Array.from({ length: B }, (_, i) => i);
const batches: PairBatch[] = Array.from({ length: 8 }, () => ({
  queries: { size: B, columns: { text: column(TQ) } },
  documents: { size: B, columns: { text: column(TD) } },
  queryIds: own,
  documentIds: own,
}));

const child = startPython();
const ours: number[] = [];
const theirs: number[] = [];
for (let i = 0; i < 3; i++) trainer.trainStep(batches[i]!);
await child?.(3);
for (let round = 0; round < rounds; round++) {
  ours.push(
    timeMs(() => {
      for (let i = 0; i < STEPS; i++) trainer.trainStep(batches[i % 8]!);
    }) / STEPS,
  );
  if (child) theirs.push((await child(STEPS)) * 1000);
}
const describe = (name: string, ms: number[]) =>
  console.log(
    `${name}: ${median(ms).toFixed(1)} ms a step (${Math.min(...ms).toFixed(1)}–${Math.max(...ms).toFixed(1)}), ${(1000 / median(ms)).toFixed(2)} steps/s, ${((1000 * B * (TQ + TD)) / median(ms)).toFixed(0)} tokens/s`,
  );
describe("qdrl, tfjs on wasm", ours);
if (child) {
  describe(`PyTorch, ${threads} threads`, theirs);
  const ratios = ours.map((ms, i) => theirs[i]! / ms);
  console.log(
    `qdrl's steps/s are ${median(ratios).toFixed(2)} × PyTorch's (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)} over ${rounds} rounds)`,
  );
}
await profile();
process.exit(0);

/** A process that trains as many steps as it is asked for; null where Python has no torch. */
function startPython(): ((steps: number) => Promise<number>) | null {
  if (spawnSync(python, ["-c", "import torch"]).status !== 0) {
    console.log(`${python} has no torch: PyTorch is left out (set PYTHON)`);
    return null;
  }
  const process = spawn(python, ["bench/transformer-step.py", `${threads}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  return async (steps) => {
    process.stdin.write(`${steps}\n`);
    return Number((await lines.next()).value);
  };
}

/** Time of one step by tfjs kernel. What runs in our own heap kernels is in the remainder. */
async function profile(): Promise<void> {
  const began = performance.now();
  const { kernels } = await tf.profile(() => void trainer.trainStep(batches[0]!));
  const total = performance.now() - began;
  const byName = new Map<string, number>();
  for (const { name, kernelTimeMs } of kernels)
    byName.set(name, (byName.get(name) ?? 0) + ((await kernelTimeMs) as number));
  const rows = [...byName].sort((a, b) => b[1] - a[1]).slice(0, 10);
  console.log(`one profiled step, ${total.toFixed(0)} ms:`);
  for (const [name, ms] of rows) console.log(`  ${name}: ${ms.toFixed(1)} ms`);
}
