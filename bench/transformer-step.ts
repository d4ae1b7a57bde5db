// Training step of a BERT-type encoder against PyTorch's on as many threads, in alternating rounds, and where ours goes.
//   node --import tsx bench/transformer-step.ts [small or minilm] [ENGINE] [ROUNDS] [THREADS]
// small: 2 layers of 128, 8,000 word-pieces; minilm: 6 layers of 384, 30,522 word-pieces. 32 pairs of 16 and 64 word-pieces,
// in-batch softmax, Adam. QDRL_TORCH_PYTHON names a Python with torch (default /usr/bin/python3). Under a minute each.
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
import { differentiationOf } from "./engines.js";
import { Alternation, cpuSeconds, report } from "./goal.js";
import { pythonPeer, torchPython } from "./python-peer.js";

const sizes = {
  small: { layers: 2, dim: 128, words: 8000, steps: 5, rounds: 9, goal: 1.2, name: "2 layers of 128" },
  minilm: {
    layers: 6,
    dim: 384,
    words: 30_522,
    steps: 1,
    rounds: 7,
    goal: 1,
    name: "MiniLM, 6 layers of 384",
  },
};
const size = sizes[(process.argv[2] ?? "small") as keyof typeof sizes];
const engine = process.argv[3] ?? "tfjs";
const rounds = Number(process.argv[4] ?? size.rounds);
const threads = Number(process.argv[5] ?? 1);
const [B, TQ, TD] = [32, 16, 64];

console.log((await selectBackend("wasm")).line);
const random = new Random(1);
const encoder = new TransformerEncoder(
  {
    architecture: smallArchitecture(size.words, size.dim, size.layers, {
      hiddenDropout: 0,
      attentionDropout: 0,
    }),
    pooling: "mean",
    normalize: true,
    sides: "shared",
    queryTextFeature: "text",
    documentTextFeature: "text",
  },
  random,
);
const trainer = new Trainer(
  encoder,
  pairTask(batchSoftmax({ temperature: 0.05 })),
  createOptimizer({
    ...{ kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, learningRate: 1e-5 },
  } as never),
  { differentiation: differentiationOf(engine, threads) },
);
const column = (length: number): TokenColumn =>
  tokenColumn(
    Array.from({ length: B }, () => ({
      ids: Int32Array.from({ length }, () => 5 + random.int(size.words - 5)),
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

const peer = await pythonPeer(
  "bench/transformer-step.py",
  [threads, size.layers, size.dim, size.words, B, TQ, TD],
  { python: torchPython, module: "torch", threads, probe: "2" },
);
if (!peer) process.exit(1);
type Answer = { wall: number; cpu: number };
const [wall, cpu] = [new Alternation(), new Alternation()];
let step = 0;
for (let i = 0; i < 3; i++) trainer.trainStep(batches[step++ % 8]!);
await peer.ask<Answer>("2");
for (let round = 0; round < rounds; round++) {
  const [began, usage] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < size.steps; i++) trainer.trainStep(batches[step++ % 8]!);
  const [ours, busy] = [performance.now() - began, cpuSeconds(usage)];
  const theirs = await peer.ask<Answer>(`${size.steps}`);
  wall.add(ours / size.steps / 1000, theirs.wall);
  cpu.add(busy / size.steps, theirs.cpu);
}
peer.stop();
report({
  what: `training step of a transformer (${size.name}), engine ${engine}, against PyTorch, ${threads} thread${threads === 1 ? "" : "s"}`,
  ...{ goal: size.goal, unit: "×", figure: wall.ratio },
  detail: `${wall.detail("ms a step", 1000)}; by CPU time ${cpu.ratio.toFixed(2)} ×, ${cpu.detail("ms", 1000)}`,
});
if (engine === "tfjs") await profile();
trainer.close();
process.exit(0);

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
