/**
 * Training speed of the baseline configuration (TwoTower, 200,000 × 256, hidden 128, output 128, batch 64, softmax
 * τ 0.1, Adam) against the same model written in plain tfjs (tf.gather, dense tf.train.adam), in one process,
 * alternating. `npx tsx bench/train-baseline.ts [rounds] [rows]`; see bench/README.md.
 *
 * Stock tfjs cannot finish this in reasonable time: the gradient of gather is UnsortedSegmentSum, which the wasm
 * backend lacks and whose cpu kernel passes over all gathered rows once per row of the table. So plain tfjs is given a
 * kernel of one pass here (the ratio printed first is in its favour), and stock tfjs is timed at 500 rows and scaled.
 */
import * as tf from "@tensorflow/tfjs";
import { createEncoder } from "../lib/encoders/create-encoder.js";
import type { Encoder } from "../lib/encoders/encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { valueAndGradients } from "../lib/engine/ops/gradients.js";
import { Random } from "../lib/engine/random/random.js";
import { batchSoftmax } from "../lib/losses/batch-softmax.js";
import { createOptimizer } from "../lib/optimizers/create-optimizer.js";
import { median, timeMs } from "./measure.js";
import { idsOf, zipfPairs } from "./zipf-pairs.js";

const rounds = Number(process.argv[2] ?? 2);
const tableRows = Number(process.argv[3] ?? 200_000);
const [dim, hidden, output, size, temperature] = [256, 128, 128, 64, 0.1];
const stepsPerRound = 100;
const pairs = zipfPairs({ count: 65_536, rows: tableRows });

function ownTraining(): () => void {
  const encoder: Encoder = createEncoder(
    {
      kind: "TwoTower",
      textEmbedding: { numEmbeddings: tableRows, embeddingDim: dim },
      hiddenLayers: [hidden],
      lastLinear: true,
      outputDim: output,
      queryTextFeature: "query",
      documentTextFeature: "title",
    },
    new Random(1),
  );
  const optimizer = createOptimizer({ kind: "adam", learningRate: 0.01 });
  const loss = batchSoftmax({ temperature });
  const { length } = pairs;
  let index = 0;
  return () => {
    const batch = {
      size,
      columns: {
        query: { kind: "text" as const, length, ids: idsOf(pairs, "queries", index, size) },
        title: { kind: "text" as const, length, ids: idsOf(pairs, "documents", index, size) },
      },
    };
    index++;
    const { value, gradients } = valueAndGradients(
      () => loss(encoder.embedQueries(batch), encoder.embedDocuments(batch)).value,
      encoder,
    );
    optimizer.applyStep(encoder, gradients);
    tf.dispose([value, gradients as never]);
  };
}

/** The textbook formulation with a table of `rows`; ids are taken modulo it. */
function plainTraining(rows: number): () => void {
  const layer = (from: number, to: number) => [
    tf.variable(tf.randomUniform([from, to], -1 / Math.sqrt(from), 1 / Math.sqrt(from))),
    tf.variable(tf.randomUniform([to], -1 / Math.sqrt(from), 1 / Math.sqrt(from))),
  ];
  const table = tf.variable(tf.randomNormal([rows, dim]));
  const towers = [0, 1].map(() => [...layer(dim, hidden), ...layer(hidden, output)]);
  const optimizer = tf.train.adam(0.01, 0.9, 0.999, 1e-8);
  const bag = (values: Int32Array) => {
    const ids = tf.tensor2d(
      values.map((id) => id % rows),
      [size, pairs.length],
      "int32",
    );
    const mask = tf.cast(tf.notEqual(ids, 0), "float32");
    const sum = tf.sum(tf.mul(tf.gather(table, ids), tf.expandDims(mask, 2)), 1);
    return tf.div(sum, tf.maximum(tf.sum(mask, 1, true), 1));
  };
  const embed = (tower: number, values: Int32Array) => {
    const [w1, b1, w2, b2] = towers[tower]!;
    const top = tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(bag(values), w1!), b1!)), w2!), b2!);
    return tf.div(top, tf.maximum(tf.norm(top, 2, 1, true), 1e-8));
  };
  let index = 0;
  return () => {
    const [queries, documents] = (["queries", "documents"] as const).map((side) =>
      idsOf(pairs, side, index, size),
    );
    index++;
    optimizer.minimize(() => {
      const logits = tf.div(tf.matMul(embed(0, queries!), embed(1, documents!), false, true), temperature);
      return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), tf.eye(size)), 1))) as tf.Scalar;
    });
  };
}

/** Replaces the cpu backend's sum of rows by segment with one pass over the rows. */
function giveOnePassScatter(): void {
  tf.unregisterKernel("UnsortedSegmentSum", "cpu");
  tf.registerKernel({
    kernelName: "UnsortedSegmentSum",
    backendName: "cpu",
    kernelFunc: ({ inputs, attrs }) => {
      const { x, segmentIds } = inputs as unknown as { x: tf.Tensor; segmentIds: tf.Tensor };
      const count = (attrs as unknown as { numSegments: number }).numSegments;
      const width = x.size / segmentIds.size;
      const sums = new Float32Array(count * width);
      const [values, rows] = [x.dataSync(), segmentIds.dataSync()];
      for (let i = 0; i < rows.length; i++)
        for (let k = 0; k < width; k++) sums[rows[i]! * width + k]! += values[i * width + k]!;
      return tf.tensor(sums, [count, ...x.shape.slice(segmentIds.rank)]);
    },
  });
}

const rate = (values: number[]) => (1000 * size) / median(values);
const stockRows = 500;
await selectBackend("cpu");
const stock = plainTraining(stockRows);
const stockMs = timeMs(() => tf.tidy(stock));
giveOnePassScatter();
const plain = plainTraining(tableRows);
const { name, line } = await selectBackend("wasm");
console.log(line);
const train = ownTraining();
for (let i = 0; i < 100; i++) train();
const times = { plain: [] as number[], own: [] as number[] };
for (let round = 0; round < rounds; round++) {
  await selectBackend("cpu");
  times.plain.push(timeMs(() => tf.tidy(plain)));
  await selectBackend("wasm");
  const ms = timeMs(() => {
    for (let i = 0; i < stepsPerRound; i++) train();
  });
  times.own.push(ms / stepsPerRound);
}
const stockRate = (1000 * size * stockRows) / tableRows / stockMs;
console.log(
  `qdrl (${name}): ${rate(times.own).toFixed(0)} pairs/s, median of ${rounds} × ${stepsPerRound} steps`,
);
console.log(
  `plain tfjs with a one-pass scatter (cpu): ${rate(times.plain).toFixed(2)} pairs/s, median of ${rounds} steps`,
);
console.log(
  `stock tfjs (cpu): about ${stockRate.toPrecision(2)} pairs/s, one step at ${stockRows} rows, scaled`,
);
console.log(`ratio: ${(rate(times.own) / rate(times.plain)).toFixed(0)} × with the kernel given`);
console.log(`ratio: ${(rate(times.own) / stockRate).toPrecision(2)} × against stock tfjs, scaled`);
process.exit(0);
