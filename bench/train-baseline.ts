/**
 * Training speed of the baseline configuration (TwoTower, 200,000 × 256, hidden 128, output 128, batch 64, softmax
 * τ 0.1, Adam) against the same model written in plain tfjs (tf.gather, dense tf.train.adam), in one process.
 * `npx tsx bench/train-baseline.ts [rounds]`; a plain step takes one to two minutes, hence one round; see bench/README.md.
 */
import * as tf from "@tensorflow/tfjs";
import { createEncoder } from "../lib/encoders/create-encoder.js";
import type { Encoder } from "../lib/encoders/encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { valueAndGradients } from "../lib/engine/gradients.js";
import { Random } from "../lib/engine/random.js";
import { batchSoftmax } from "../lib/losses/batch-softmax.js";
import { createOptimizer } from "../lib/optimizers/create-optimizer.js";
import { median, timeMs } from "./measure.js";
import { idsOf, zipfPairs } from "./zipf-pairs.js";

const rounds = Number(process.argv[2] ?? 1);
const [rows, dim, hidden, output, size, temperature] = [200_000, 256, 128, 128, 64, 0.1];
const stepsPerRound = 100;
const pairs = zipfPairs({ count: 65_536, rows });

function ownTraining(): () => void {
  const encoder: Encoder = createEncoder(
    {
      kind: "TwoTower",
      textEmbedding: { numEmbeddings: rows, embeddingDim: dim },
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

/** The textbook formulation. Runs on the cpu backend only: wasm has no UnsortedSegmentSum kernel. */
function plainTraining(): () => void {
  const layer = (from: number, to: number) => [
    tf.variable(tf.randomUniform([from, to], -1 / Math.sqrt(from), 1 / Math.sqrt(from))),
    tf.variable(tf.randomUniform([to], -1 / Math.sqrt(from), 1 / Math.sqrt(from))),
  ];
  const table = tf.variable(tf.randomNormal([rows, dim]));
  const towers = [0, 1].map(() => [...layer(dim, hidden), ...layer(hidden, output)]);
  const optimizer = tf.train.adam(0.01, 0.9, 0.999, 1e-8);
  const bag = (values: Int32Array) => {
    const ids = tf.tensor2d(values, [size, pairs.length], "int32");
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

await selectBackend("cpu");
const plain = plainTraining();
const own = await selectBackend("auto");
console.log(own.line);
const train = ownTraining();
for (let i = 0; i < 50; i++) train();
const times = { plain: [] as number[], own: [] as number[] };
for (let round = 0; round < rounds; round++) {
  await selectBackend("cpu");
  times.plain.push(timeMs(() => tf.tidy(plain)));
  await selectBackend(own.name);
  times.own.push(
    timeMs(() => {
      for (let i = 0; i < stepsPerRound; i++) train();
    }) / stepsPerRound,
  );
}
const rate = (values: number[]) => (1000 * size) / median(values);
console.log(`plain tfjs (cpu backend): ${rate(times.plain).toFixed(2)} pairs/s, median of ${rounds} steps`);
console.log(
  `qdrl (${own.name}): ${rate(times.own).toFixed(0)} pairs/s, median of ${rounds} × ${stepsPerRound} steps`,
);
console.log(`ratio: ${(rate(times.own) / rate(times.plain)).toFixed(0)} ×`);
