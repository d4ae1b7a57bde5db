// Pairs per second that the KDD system's matching models train on at published sizes, by graphs and by tfjs.
//   node --import tsx bench/kdd-step.ts [PAIRS A STEP] [ROUNDS] [THREADS]
// 2,048 numbers a region, 4 to 10 regions a picture, 16 heads, forward 4,096, projection 5,120, word vectors of 1,024, queries of
// 2 to 8 words, a negative picture and a negative query a pair; the image encoder below its projection is frozen, as published.
// About 100 s.
import * as tf from "@tensorflow/tfjs";
import { ParameterSet } from "../lib/encoders/parameter-set.js";
import { RegionEncoder } from "../lib/encoders/regions/region-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { graphLength } from "../lib/engine/jit/graph-length.js";
import { addGradients } from "../lib/engine/ops/gradients.js";
import { Random } from "../lib/engine/random/random.js";
import { SentenceMatcher } from "../lib/studies/kdd/encoders/sentence-matcher.js";
import { WordMatcher } from "../lib/studies/kdd/encoders/word-matcher.js";
import { padWords, WordVectors } from "../lib/studies/kdd/encoders/word-vectors.js";
import { GroupOptimizer, withPrefix } from "../lib/studies/kdd/group-optimizer.js";
import { pairBce, pairRanking } from "../lib/studies/kdd/losses/pair-ranking.js";
import { differentiationOf } from "./engines.js";
import { Alternation, cpuSeconds, report } from "./goal.js";

const pairs = Number(process.argv[2] ?? 16);
const rounds = Number(process.argv[3] ?? 2);
const threads = Number(process.argv[4] ?? 2);
const [DIM, FEATURES, VOCABULARY] = [1024, 2048, 8000];

console.log((await selectBackend("wasm")).line);
const random = new Random(1);
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const words = new WordVectors(normals(VOCABULARY * DIM), DIM);
const imageSet = new ParameterSet("image", random);
const image = new RegionEncoder(
  {
    ...{ featureDim: FEATURES, boxHidden: 100, attentionHeads: 16, forwardHidden: 4096, dim: DIM },
    ...{ weightHidden: [512, 256, 128], projectionHidden: [5120], labelHeads: 4, dropout: 0.1 },
  },
  imageSet,
);
const query = () => Array.from({ length: 2 + random.int(7) }, () => 1 + random.int(VOCABULARY - 1));
const batch = {
  queries: Array.from({ length: pairs }, query),
  negativeQueries: Array.from({ length: pairs }, query),
  counts: Array.from({ length: 2 * pairs }, () => 4 + random.int(7)),
  features: normals(2 * pairs * 10 * FEATURES),
  boxes: normals(2 * pairs * 10 * 5),
};

/** Heads of the pairs' pictures, then of the negative ones. */
function heads() {
  const regions = graphLength(10, 100, 4); // padded as the system pads them
  const padded = (values: Float32Array, width: number) =>
    tf.pad(tf.tensor3d(values, [2 * pairs, 10, width]), [
      [0, 0],
      [0, regions - 10],
      [0, 0],
    ]) as tf.Tensor3D;
  const { counts } = batch;
  const all = image.embed(
    { features: padded(batch.features, FEATURES), boxes: padded(batch.boxes, 5), counts },
    random,
  );
  return [0, pairs].map((from) => ({
    caption: tf.slice2d(all.caption, [from, 0], [pairs, -1]),
    labels: tf.slice3d(all.labels, [from, 0, 0], [pairs, -1, -1]),
  }));
}

function models() {
  const first = new ParameterSet("model1", random);
  const wordMatcher = new WordMatcher(
    { hidden: 256, weightHidden: 512, dim: DIM, dropout: 0.1 },
    words,
    first,
  );
  const second = new ParameterSet("model2", random);
  const sentenceMatcher = new SentenceMatcher({ dim: DIM, dropout: 0.1 }, words, second);
  return [
    {
      name: "word by word",
      weights: first.variables,
      loss() {
        const [own, negative] = heads();
        const read = wordMatcher.read(padWords(batch.queries, 8), random);
        const inBatch = wordMatcher.crossScores(read, own!);
        const others = wordMatcher.read(padWords(batch.negativeQueries, 8), random);
        return pairRanking(
          {
            positive: tf.sum(tf.mul(inBatch, tf.eye(pairs)), 1) as tf.Tensor1D,
            negativeImage: wordMatcher.scores(read, negative!),
            negativeQuery: wordMatcher.scores(others, own!),
          },
          inBatch,
          { form: "hinge", negatives: "hardest", reduction: "mean", margin: 0.9 },
        ).total;
      },
    },
    {
      name: "sentence",
      weights: second.variables,
      loss() {
        const [own, negative] = heads();
        const captions = tf.concat2d([own!.caption, own!.caption, negative!.caption], 0);
        const read = padWords([...batch.queries, ...batch.negativeQueries, ...batch.queries]);
        const scores = sentenceMatcher.scores(read, captions, random);
        const [positive, negativeQuery, negativeImage] = [0, 1, 2].map((kind) =>
          tf.slice1d(scores, kind * pairs, pairs),
        );
        return pairBce({ positive: positive!, negativeQuery: negativeQuery!, negativeImage: negativeImage! });
      },
    },
  ];
}

for (const { name, weights, loss } of models()) {
  const imageWeights = withPrefix(imageSet.variables, ["image.weight.", "image.projection."]);
  const trained = { weights: { ...imageWeights, ...weights }, tables: {} };
  const optimizer = new GroupOptimizer([
    { name: "image", weights: imageWeights, learningRate: 5e-6, weightDecay: 1e-6 },
    { name: "text", weights, learningRate: 1e-4, weightDecay: 0 },
  ]);
  const graphs = differentiationOf("jit", threads);
  const step = (differentiate: typeof addGradients) => {
    const usage = process.cpuUsage();
    const began = performance.now();
    const { value, gradients } = differentiate(loss, trained);
    optimizer.applyStep(trained, gradients);
    value.dataSync();
    tf.dispose([value, gradients as never]);
    return { wall: (performance.now() - began) / 1000, cpu: cpuSeconds(usage) };
  };
  const byGraph = () => step((compute, parameters) => graphs.addGradients(compute, parameters));
  byGraph();
  const [wall, cpu] = [new Alternation(), new Alternation()];
  for (let round = 0; round < rounds; round++) {
    const [jit, tfjs] = [byGraph(), step(addGradients)];
    wall.add(jit.wall, tfjs.wall);
    cpu.add(jit.cpu, tfjs.cpu);
  }
  report({
    what: `KDD system at published sizes, ${name}, ${pairs} pairs a step, engine jit on ${threads} threads, against tfjs`,
    ...{ goal: 10, unit: "×", figure: wall.ratio },
    detail: `${(pairs / wall.middle).toFixed(1)} pairs/s; ${wall.detail("s a step")}; by CPU time ${cpu.ratio.toFixed(2)} ×, ${cpu.detail("s")}; goal as stated: 10 × the 2.1 pairs/s of a busy machine`,
  });
  graphs.close();
}
process.exit(0);
