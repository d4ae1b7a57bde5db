/**
 * A step with a negative cache of 131,072 × 128 and top_k 64 against an in-batch step, batch 64, same model, one process:
 * `npx tsx bench/negative-cache.ts [rounds]`. Also how good the coded search is: the share of groups whose best row it
 * finds, and how far the scores it finds lie below the best.
 */
import * as tf from "@tensorflow/tfjs";
import { createEncoder } from "../lib/encoders/create-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import { type PairSet, pairBatch } from "../lib/experiment/pairs.js";
import { batchSoftmax } from "../lib/losses/batch-softmax.js";
import { arrayRows } from "../lib/negatives/cache/cached-rows.js";
import { CodedRows } from "../lib/negatives/cache/coded-rows.js";
import { createOptimizer } from "../lib/optimizers/create-optimizer.js";
import { pairTask } from "../lib/training/objectives/batch-task.js";
import { NegativeCacheObjective } from "../lib/training/objectives/negative-cache-objective.js";
import { Trainer } from "../lib/training/trainer.js";
import { median, timeMs } from "./measure.js";
import { zipfPairs } from "./zipf-pairs.js";

const rounds = Number(process.argv[2] ?? 7);
const [rows, size, cacheSize, topK, steps] = [200_000, 64, 131_072, 64, 20];
const made = zipfPairs({ count: cacheSize, rows });
const column = (ids: Int32Array) => ({ text: { kind: "text" as const, ids, length: made.length } });
const order = Int32Array.from({ length: cacheSize }, (_, i) => i);
const pairs: PairSet = {
  queries: { size: cacheSize, columns: column(made.queries) },
  documents: { size: cacheSize, columns: column(made.documents) },
  queryOf: order,
  documentOf: order,
};
const spec = {
  kind: "TwoTower",
  textEmbedding: { numEmbeddings: rows, embeddingDim: 256 },
  hiddenLayers: [128],
  lastLinear: true,
  outputDim: 128,
  queryTextFeature: "text",
  documentTextFeature: "text",
};

console.log((await selectBackend("auto")).line);
const loss = batchSoftmax({ temperature: 0.1 });
function trainer(cached: boolean): {
  step: () => void;
  objective: NegativeCacheObjective | null;
  close: () => void;
} {
  const encoder = createEncoder(spec, new Random(1));
  const objective = cached
    ? new NegativeCacheObjective(
        {
          type: "cache",
          size: cacheSize,
          top_k: topK,
          use_lru: true,
          refresh: true,
          retrieval: "gumbel_max",
          mask: "known_positives",
          skip_present: false,
          in_batch: false,
          prefill: false,
          search: "coded",
          temperature: 0.1,
          batchSize: size,
        },
        pairs,
        encoder,
        new Random(2),
      )
    : null;
  const optimizer = createOptimizer({ kind: "adam", learningRate: 0.01 });
  const own = new Trainer(encoder, pairTask(loss, objective), optimizer);
  let at = 0;
  return {
    objective,
    step: () => {
      own.trainStep(pairBatch(pairs, order, at, at + size));
      at = (at + size) % (cacheSize - size);
    },
    close: () => encoder.dispose(),
  };
}

const plain = trainer(false);
for (let i = 0; i < 30; i++) plain.step();
const cached = trainer(true);
cached.objective!.fill(order);
for (let i = 0; i < 130; i++) cached.step();
const times = { plain: [] as number[], cached: [] as number[] };
const cpuTimes = { plain: [] as number[], cached: [] as number[] };
for (let round = 0; round < rounds; round++)
  for (const [name, run] of [
    ["plain", plain],
    ["cached", cached],
  ] as const) {
    const before = process.cpuUsage();
    times[name].push(
      timeMs(() => {
        for (let i = 0; i < steps; i++) run.step();
      }) / steps,
    );
    const { user, system } = process.cpuUsage(before);
    cpuTimes[name].push((user + system) / 1000 / steps);
  }
const { cache } = cached.objective!;
const coded = CodedRows.create(cache, "embedding", { groups: topK, maxQueries: size });
if (coded) {
  coded.refit(new Random(3));
  const embeddings = cache.data["embedding"] as Float32Array;
  const queries = embeddings.slice(128 * 7, 128 * (7 + size)).map((x, i) => x + 0.05 * Math.sin(i));
  const found = coded.groupMaxima(queries, topK);
  const best = arrayRows(embeddings, 128).groupMaxima(queries, topK);
  const same = found.columns.filter((row, cell) => row === best.columns[cell]).length / found.columns.length;
  const gaps = Array.from(found.scores, (score, cell) => best.scores[cell]! - score);
  console.log(
    `coded search: ${(100 * same).toFixed(0)} % of groups give their best row; scores ${(gaps.reduce((a, b) => a + b, 0) / gaps.length).toFixed(3)} below the best on average (cosines)`,
  );
  const search = timeMs(() => {
    for (let i = 0; i < 20; i++) coded.groupMaxima(queries, topK);
  });
  console.log(`coded search alone: ${(search / 20).toFixed(2)} ms for ${size} queries × ${cacheSize} rows`);
}
console.log(
  `in-batch step: ${median(times.plain).toFixed(2)} ms; cache step: ${median(times.cached).toFixed(2)} ms`,
);
console.log(
  `ratio: ${(median(times.cached) / median(times.plain)).toFixed(2)} ×; of the fastest rounds ${(Math.min(...times.cached) / Math.min(...times.plain)).toFixed(2)} × (${Math.min(...times.cached).toFixed(2)} against ${Math.min(...times.plain).toFixed(2)} ms); of processor time ${(median(cpuTimes.cached) / median(cpuTimes.plain)).toFixed(2)} × (${median(cpuTimes.cached).toFixed(2)} against ${median(cpuTimes.plain).toFixed(2)} ms)`,
);
plain.close();
cached.close();
tf.disposeVariables();
