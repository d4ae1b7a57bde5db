/** One timed training run for bench/train.ts: `tsx bench/train-run.ts JSON` prints one JSON line. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { createEncoder } from "../lib/encoders/create-encoder.js";
import type { EncoderSpec } from "../lib/encoders/encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random/random.js";
import type { FeatureBatch } from "../lib/features/batch.js";
import { createFusedTrainer, type FusedTrainer } from "../lib/fused/fused-trainer.js";
import { measureLimit, shortestSeconds } from "../lib/fused/machine-limit.js";
import { createOptimizer } from "../lib/optimizers/create-optimizer.js";
import { differentiationOf } from "./engines.js";

export interface RunOptions {
  path: "fused" | "jit" | "tfjs";
  queries: string;
  documents: string;
  length: number;
  rows: number;
  dim: number;
  /** 0: no dense layers at all */
  hidden: number;
  output: number;
  batch: number;
  optimizer: "adam" | "lazy_adam";
  moments?: "float32" | "bfloat16";
  threads: number;
  seconds: number;
}

const options: RunOptions = JSON.parse(process.argv[2]!);
const { length, batch: size } = options;
const ids = (file: string) => {
  const bytes = readFileSync(file);
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
};
const [queries, documents] = [ids(options.queries), ids(options.documents)];
const batches = Math.floor(queries.length / length / size);
const encoderSpec: EncoderSpec = {
  kind: "TwoTower",
  textEmbedding: { numEmbeddings: options.rows, embeddingDim: options.dim },
  hiddenLayers: options.hidden === 0 ? [] : [options.hidden],
  lastLinear: options.hidden !== 0,
  outputDim: options.output,
  queryTextFeature: "query",
  documentTextFeature: "title",
};
const optimizerSpec = {
  kind: options.optimizer,
  learningRate: 0.01,
  rowMoments: options.moments ?? ("float32" as const),
};

function batchAt(index: number): FeatureBatch {
  const from = (index % batches) * size * length;
  const column = (all: Int32Array) => ({
    kind: "text" as const,
    length,
    ids: all.subarray(from, from + size * length),
  });
  return { size, columns: { query: column(queries), title: column(documents) } };
}

/** Softmax over cosines as a notebook would write it, in tfjs ops alone. */
function notebookLoss(q: tf.Tensor2D, d: tf.Tensor2D): tf.Scalar {
  const unit = (x: tf.Tensor2D) =>
    tf.div(x, tf.maximum(tf.sqrt(tf.sum(tf.square(x), 1, true)), 1e-8)) as tf.Tensor2D;
  const logits = tf.div(tf.matMul(unit(q), unit(d), false, true), 0.1);
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), tf.eye(size)), 1))) as tf.Scalar;
}

function plainStep(): (batch: FeatureBatch) => void {
  const encoder = createEncoder(encoderSpec, new Random(1));
  const optimizer = createOptimizer(optimizerSpec);
  const differentiation = differentiationOf(options.path, options.threads);
  return (batch) => {
    encoder.tables["text"]!.clearGradients();
    const { value, gradients } = differentiation.addGradients(
      () => notebookLoss(encoder.embedQueries(batch), encoder.embedDocuments(batch)),
      encoder,
    );
    optimizer.applyStep(encoder, gradients);
    value.dataSync();
    tf.dispose([value, gradients as never]);
  };
}

function fusedStepper(): FusedTrainer {
  const { trainer, reason } = createFusedTrainer({
    encoderSpec,
    lossSpec: { kind: "batch_softmax", temperature: 0.1 } as { kind: string },
    optimizerSpec,
    maxBatch: size,
    queryLength: length,
    documentLength: length,
    threads: options.threads,
  });
  if (!trainer) throw new Error(reason);
  const random = new Random(1);
  trainer.initialise((values, fanIn) => {
    const bound = fanIn === null ? 1.7 : 1 / Math.sqrt(fanIn);
    for (let i = 0; i < values.length; i++) values[i] = (2 * random.next() - 1) * bound;
  });
  return trainer;
}

await selectBackend("wasm");
const fused = options.path === "fused" ? fusedStepper() : null;
const step = fused ? (batch: FeatureBatch) => void fused.trainStep(batch, batch) : plainStep();
let index = 0;
for (let i = 0; i < 100 + 6400 / size; i++) step(batchAt(index++));
let done = 0;
let best = 0;
const workBefore = fused?.work();
const before = process.cpuUsage();
const began = performance.now();
while (performance.now() - began < options.seconds * 1000) {
  const start = performance.now();
  for (let i = 0; i < 4; i++) step(batchAt(index++));
  best = Math.max(best, (4000 * size) / (performance.now() - start));
  done += 4 * size;
}
const wall = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(before);
const work = fused?.work();
const shortest =
  work && workBefore
    ? shortestSeconds(
        { flops: work.flops - workBefore.flops, bytes: work.bytes - workBefore.bytes },
        measureLimit(options.threads),
      )
    : 0;
console.log(
  JSON.stringify({
    pairsPerSecond: done / wall,
    pairsPerCpuSecond: done / ((user + system) / 1e6),
    best,
    shareOfLimit: shortest / wall,
    spent: fused?.spent(),
    residentBytes: process.memoryUsage().rss,
  }),
);
process.exit(0);
