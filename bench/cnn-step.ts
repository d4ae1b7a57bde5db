// Pictures per second that a small ResNet trains on, against the same network in PyTorch, in alternating rounds.
//   node --import tsx bench/cnn-step.ts [ENGINE] [ROUNDS] [THREADS]
// 16, 32 and 64 filters, 32 · 32 pixels, 64 pairs of pictures a step, in-batch softmax, Adam. Under a minute.
import type { Encoder } from "../lib/encoders/encoder.js";
import { columnOf, countParameters } from "../lib/encoders/encoder.js";
import { normalisedPixels } from "../lib/encoders/image/picture-tensor.js";
import { ResidualCnn } from "../lib/encoders/image/residual-cnn.js";
import { ParameterSet } from "../lib/encoders/parameter-set.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import type { PairBatch } from "../lib/experiment/pairs.js";
import type { FeatureBatch } from "../lib/features/batch.js";
import { batchSoftmax } from "../lib/losses/batch-softmax.js";
import { createOptimizer } from "../lib/optimizers/create-optimizer.js";
import { pairTask } from "../lib/training/objectives/batch-task.js";
import { Trainer } from "../lib/training/trainer.js";
import { differentiationOf } from "./engines.js";
import { Alternation, cpuSeconds, report } from "./goal.js";
import { pythonPeer, torchPython } from "./python-peer.js";

const engine = process.argv[2] ?? "tfjs";
const rounds = Number(process.argv[3] ?? 9);
const threads = Number(process.argv[4] ?? 1);
const [B, SIZE, STEPS] = [64, 32, engine === "tfjs" ? 1 : 5];

console.log((await selectBackend("wasm")).line);
const random = new Random(1);
const set = new ParameterSet("cnn", random);
const cnn = new ResidualCnn(
  { size: SIZE, channels: [16, 32, 64], blocks: 1, stemStride: 2, outputDim: 64 },
  set,
);
const embed = (batch: FeatureBatch) =>
  cnn.apply(normalisedPixels(columnOf(batch, "picture", "image")), batch.size);
const encoder: Encoder = {
  ...{ kind: "cnn", outputDim: 64, weights: set.variables, tables: {}, training: true },
  ...{ parameterCount: countParameters(set.variables, {}), embedQueries: embed, embedDocuments: embed },
  ...{ randomState: () => null, setRandomState: () => {}, dispose: () => {} },
};
const pictures = (): FeatureBatch => ({
  size: B,
  columns: {
    picture: {
      ...{ kind: "image", size: SIZE, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      pixels: Uint8Array.from({ length: B * SIZE * SIZE * 3 }, () => random.int(256)),
    } as FeatureBatch["columns"][string],
  },
});
const own = Int32Array.from({ length: B }, (_, i) => i);
const batches: PairBatch[] = Array.from({ length: 8 }, () => ({
  ...{ queries: pictures(), documents: pictures(), queryIds: own, documentIds: own },
}));
const trainer = new Trainer(
  encoder,
  pairTask(batchSoftmax({ temperature: 0.1 })),
  createOptimizer({ kind: "adam", learningRate: 1e-3 }),
  { differentiation: differentiationOf(engine, threads) },
);

const peer = await pythonPeer("bench/cnn-step.py", [threads, B, SIZE], {
  ...{ python: torchPython, module: "torch", threads, probe: "5" },
});
if (!peer) process.exit(1);
type Answer = { wall: number; cpu: number };
const [wall, cpu] = [new Alternation(), new Alternation()];
let step = 0;
for (let i = 0; i < 3; i++) trainer.trainStep(batches[step++ % 8]!);
await peer.ask<Answer>("5");
for (let round = 0; round < rounds; round++) {
  const [began, usage] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < STEPS; i++) trainer.trainStep(batches[step++ % 8]!);
  const [ours, busy] = [(performance.now() - began) / 1000, cpuSeconds(usage)];
  const theirs = await peer.ask<Answer>("5");
  wall.add(ours / STEPS, theirs.wall);
  cpu.add(busy / STEPS, theirs.cpu);
}
peer.stop();
trainer.close();
const rate = (2 * B) / wall.middle;
report({
  what: `training a CNN (16, 32, 64 filters, 32 pixels), engine ${engine}, against PyTorch, ${threads} thread${threads === 1 ? "" : "s"}`,
  ...{ goal: 1, unit: "×", figure: wall.ratio },
  detail: `${rate.toFixed(0)} pictures/s; ${wall.detail("ms a step of 128 pictures", 1000)}; by CPU time ${cpu.ratio.toFixed(2)} ×, ${cpu.detail("ms", 1000)}`,
});
process.exit(0);
