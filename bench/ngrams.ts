/**
 * What character n-grams cost: steps of 256 MSRD pairs with words alone, with 2–4-grams, and with 2–4-grams and
 * self-teaching, alternating in one process, one thread: `node --import tsx bench/ngrams.ts [fused|tfjs] [rounds] [steps]`.
 * Needs data/msrd. A step is the batch made and trained on: median and fastest of all steps, mean of processor time.
 */

import { createEncoder } from "../lib/encoders/create-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import { epochBatches } from "../lib/experiment/epoch-batches.js";
import { loadConfig } from "../lib/experiment/load-config.js";
import { loadExperiment } from "../lib/experiment/load-experiment.js";
import type { PairBatch } from "../lib/experiment/pairs.js";
import { encoderSpec } from "../lib/experiment/specs.js";
import { createTrainer } from "../lib/training/create-trainer.js";
import type { Trainer } from "../lib/training/trainer.js";
import { median } from "./measure.js";

const engine = process.argv[2] ?? "fused";
const rounds = Number(process.argv[3] ?? 8);
const stepsPerRound = Number(process.argv[4] ?? 20);

const words = ["text_vectorizer.ngrams_limit=0", "typos=null"];
const systems: [string, string[]][] = [
  ["words alone", words],
  ["2–4-grams", ["typos=null"]],
  ["2–4-grams, self-teaching", []],
];

interface Side {
  name: string;
  trainer: Trainer;
  batches: Iterator<PairBatch>;
  times: number[];
  cpuMs: number;
}

async function sideOf(name: string, overrides: string[]): Promise<Side> {
  const config = loadConfig("configs/recipes/robust-labels.yaml", [...overrides, `engine=${engine}`]);
  const data = await loadExperiment(config, {});
  const random = new Random(config.seed);
  const encoder = createEncoder(encoderSpec(config), random.fork("encoder"));
  const made = createTrainer(config, encoder, data, random, 1);
  console.log(`${name}: ${made.engine}`);
  const batches = (function* () {
    for (let epoch = 1; ; epoch++)
      yield* epochBatches(config, data, epoch, random).batches as Iterable<PairBatch>;
  })();
  return { name, trainer: made.trainer, batches, times: [], cpuMs: 0 };
}

function step({ trainer, batches }: Side): number {
  const began = performance.now();
  trainer.trainStep(batches.next().value);
  return performance.now() - began;
}

await selectBackend("auto");
const sides: Side[] = [];
for (const [name, overrides] of systems) sides.push(await sideOf(name, overrides));
for (const side of sides) for (let i = 0; i < 2 * stepsPerRound; i++) step(side);
const before = sides.map(({ trainer }) => ({ ...trainer.spent() }));
for (let round = 0; round < rounds; round++)
  for (const side of sides) {
    const { user, system } = process.cpuUsage();
    for (let i = 0; i < stepsPerRound; i++) side.times.push(step(side));
    const after = process.cpuUsage();
    side.cpuMs += (after.user + after.system - user - system) / 1000;
  }
const [base] = sides;
sides.forEach(({ name, trainer, times, cpuMs }, i) => {
  const phases = Object.entries(trainer.spent())
    .map(([phase, s]) => `${phase} ${((1000 * (s - (before[i]![phase] ?? 0))) / times.length).toFixed(1)}`)
    .join(", ");
  const against = (figure: (side: Side) => number) => (figure(sides[i]!) / figure(base!)).toFixed(2);
  const fastest = (side: Side) => Math.min(...side.times);
  console.log(
    `${name}: ${median(times).toFixed(1)} ms a step, fastest ${Math.min(...times).toFixed(1)}, of processor time ${(cpuMs / times.length).toFixed(1)}; × words alone ${against((side) => median(side.times))}, ${against(fastest)}, ${against((side) => side.cpuMs)}${phases && `; ms by phase: ${phases}`}`,
  );
});
process.exit(0);
