import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { ParameterSet } from "../../encoders/parameter-set.js";
import type { ImageHeads } from "../../encoders/regions/region-encoder.js";
import { type Listener, throttled } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { epochOrder } from "../../experiment/pairs.js";
import { SentenceMatcher } from "./encoders/sentence-matcher.js";
import { WordMatcher } from "./encoders/word-matcher.js";
import { bestHeads, meanScore } from "./encoders/word-scores.js";
import { padWords } from "./encoders/word-vectors.js";
import { scorePredictions } from "./ensemble.js";
import { exponentialRate } from "./exponential-rate.js";
import { type Predictions, readAnswers, writePredictions } from "./files/prediction-files.js";
import { GroupOptimizer, withPrefix } from "./group-optimizer.js";
import { appendMetrics } from "./kdd-metrics.js";
import { drawNegatives, keptRows, rowsApart } from "./last-word-negatives.js";
import { pairBce, pairRanking } from "./losses/pair-ranking.js";
import { filesOf } from "./prepare.js";
import { predictWith } from "./pretrain.js";
import { queryGraph } from "./query-graph.js";
import { loadWeights, restoreWeights, saveWeights, snapshot, type Workspace } from "./workspace.js";

/** Rows of a batch after collation: words and products, negatives aligned. */
interface MatchBatch {
  queries: readonly (readonly number[])[];
  negativeQueries: readonly (readonly number[])[];
  products: string[];
  negativeProducts: string[];
}

interface Matcher {
  weights: Record<string, tf.Variable>;
  loss(batch: MatchBatch, draws: Random): tf.Scalar;
  score(query: string, products: readonly string[]): number[];
}

export interface MatcherResult {
  ndcg: number[];
  /** the epoch that predicts, from 1 */
  epoch: number;
  /** mean rows of a batch left after collation */
  effectiveBatch: number;
}

/**
 * Fine-tunes a matching model from the exported image encoder and writes its predictions for validation and test.
 * Frozen: word vectors, box encoder, norm, attention, feed-forward. The image's region weight and projection have a
 * rate of their own; everything behind the image encoder has another.
 *
 * @see specs/3-kdd-multimodal-recall.md sections 7 to 9
 */
export async function trainMatcher(
  space: Workspace,
  which: 1 | 2,
  listener: Listener,
): Promise<MatcherResult> {
  const { config, data } = space;
  const settings = which === 1 ? config.model1 : config.model2;
  const files = filesOf(config);
  loadWeights(files.encoder, space.imageWeights);
  const random = new Random(config.matching_seed ?? config.seed).fork(`model${which}`);
  const matcher = which === 1 ? wordMatcher(space, random) : sentenceMatcher(space, random);
  const optimizer = new GroupOptimizer([
    {
      name: "image",
      weights: withPrefix(space.imageWeights, ["image.weight.", "image.projection."]),
      learningRate: settings.image_rate,
      weightDecay: settings.image_weight_decay,
    },
    { name: "text", weights: matcher.weights, learningRate: settings.text_rate, weightDecay: 0 },
  ]);
  const all = { ...space.imageWeights, ...matcher.weights };
  const answers = readAnswers(path.join(config.data_dir, "valid_answer.json"));
  const graph = queryGraph(data);
  const { linked_negatives: linked, avoid_known_positives: avoid } = settings;
  const anyQueryShare = which === 1 ? 0 : config.model2.any_query_share;
  const drawFor = ({ query, product }: { query: string; product: string }, draws: Random) =>
    drawNegatives(query, graph, { linked, anyQueryShare, notOf: avoid ? product : null }, draws);
  const report = throttled(listener);
  const ndcg: number[] = [];
  let kept = { epoch: 0, weights: snapshot(all) };
  let [rows, batches] = [0, 0];
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    optimizer.setRateFactor(exponentialRate(1, settings.gamma, epoch, config.published_rate_schedule));
    const order = epochOrder(data.pairs.length, random.fork(`order-${epoch}`));
    const draws = random.fork(`draws-${epoch}`);
    let [total, steps] = [0, 0];
    for (let start = 0; start + settings.batch_size <= order.length; start += settings.batch_size) {
      const pairs = Array.from(order.subarray(start, start + settings.batch_size), (i) => data.pairs[i]!);
      const drawn = pairs.flatMap((pair) => {
        const negative = drawFor(pair, draws);
        return negative === null ? [] : [{ ...pair, negative }];
      });
      const batch = collate(space, avoid ? rowsApart(drawn, graph.productsOf).map((i) => drawn[i]!) : drawn);
      if (batch.products.length < 2) continue;
      total += optimizer.step(() => matcher.loss(batch, draws));
      steps++;
      rows += batch.products.length;
      batches++;
      report({
        task: `model ${which}, ${epoch + 1}/${settings.epochs}`,
        done: start,
        total: order.length,
        unit: "pairs",
      });
      if (steps % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const score = scorePredictions(predictWith(space, "valid", matcher.score), answers).mean;
    const isBest = settings.use_epoch === "best" && score > Math.max(-1, ...ndcg);
    ndcg.push(score);
    if (isBest || settings.use_epoch === epoch + 1) kept = { epoch: epoch + 1, weights: snapshot(all) };
    appendMetrics(files.metrics(`model${which}`), { epoch, loss: total / Math.max(1, steps), ndcg5: score });
    listener.line?.(
      `model ${which}, epoch ${epoch + 1}: loss ${(total / Math.max(1, steps)).toFixed(3)}, nDCG@5 ${score.toFixed(4)}`,
    );
  }
  restoreWeights(kept.weights, all, "kept epoch");
  saveWeights(files.model(which), all);
  for (const set of ["valid", "test"] as const)
    writePredictions(files.predictions(set, which), predictWith(space, set, matcher.score));
  for (const weight of Object.values(matcher.weights)) weight.dispose();
  return { ndcg, epoch: kept.epoch, effectiveBatch: rows / Math.max(1, batches) };
}

/** The unweighted baseline: mean of the best matches of a query's words, with the exported encoder. */
export function averagePredictions(space: Workspace, set: "valid" | "test"): Predictions {
  loadWeights(filesOf(space.config).encoder, space.imageWeights);
  return predictWith(space, set, (query, products) =>
    tf.tidy(() => {
      const words = padWords(products.map(() => space.wordsOf(query)));
      const matches = bestHeads(space.words.raw(words), space.embed(products, null).labels);
      return Array.from(meanScore(matches, words.lengths).dataSync());
    }),
  );
}

type DrawnRow = { query: string; product: string; negative: { query: string; product: string } };

function collate(space: Workspace, rows: readonly DrawnRow[]): MatchBatch {
  const wordsOf = (query: string) => space.wordsOf(space.data.queries[query]!.query);
  const kept = keptRows(
    rows.map((row) => ({
      queryId: row.query,
      length: wordsOf(row.query).length,
      negativeLength: wordsOf(row.negative.query).length,
    })),
  ).map((i) => rows[i]!);
  return {
    queries: kept.map((row) => wordsOf(row.query)),
    negativeQueries: kept.map((row) => wordsOf(row.negative.query)),
    products: kept.map((row) => row.product),
    negativeProducts: kept.map((row) => row.negative.product),
  };
}

function wordMatcher(space: Workspace, random: Random): Matcher {
  const { hidden, weight_hidden: weightHidden, dropout, margin } = space.config.model1;
  const set = new ParameterSet("model1", random);
  const model = new WordMatcher({ hidden, weightHidden, dim: space.words.dim, dropout }, space.words, set);
  return {
    weights: set.variables,
    loss: (batch, draws) => {
      const { queries, products } = batch;
      const [image, negativeImage] = halves(
        space.embed([...products, ...batch.negativeProducts], draws),
        queries.length,
      );
      const query = model.read(padWords(queries), draws);
      const inBatch = model.crossScores(query, image);
      return pairRanking(
        {
          positive: tf.sum(tf.mul(inBatch, tf.eye(products.length)), 1) as tf.Tensor1D,
          negativeImage: model.scores(query, negativeImage),
          negativeQuery: model.scores(model.read(padWords(batch.negativeQueries), draws), image),
        },
        inBatch,
        margin,
      ).total;
    },
    score: (query, products) =>
      tf.tidy(() => {
        const read = model.read(padWords([space.wordsOf(query)]), null);
        return Array.from(model.crossScores(read, space.embed(products, null)).dataSync());
      }),
  };
}

function sentenceMatcher(space: Workspace, random: Random): Matcher {
  const set = new ParameterSet("model2", random);
  const { dropout } = space.config.model2;
  const model = new SentenceMatcher({ dim: space.words.dim, dropout }, space.words, set);
  return {
    weights: set.variables,
    // one run over the three kinds of pairs: many small ones would cost three times as much
    loss: ({ queries, negativeQueries, products, negativeProducts }, draws) => {
      const B = queries.length;
      const [image, negative] = halves(space.embed([...products, ...negativeProducts], draws), B);
      const captions = tf.concat2d([image.caption, image.caption, negative.caption], 0);
      const scores = model.scores(padWords([...queries, ...negativeQueries, ...queries]), captions, draws);
      return pairBce({
        positive: tf.slice1d(scores, 0, B),
        negativeQuery: tf.slice1d(scores, B, B),
        negativeImage: tf.slice1d(scores, 2 * B, B),
      });
    },
    score: (query, products) =>
      tf.tidy(() => {
        const words = padWords(products.map(() => space.wordsOf(query)));
        return Array.from(model.scores(words, space.embed(products, null).caption, null).dataSync());
      }),
  };
}

/** The heads of the first B pictures and those of the others. */
function halves({ caption, labels }: ImageHeads, B: number): [ImageHeads, ImageHeads] {
  const part = (from: number): ImageHeads => ({
    caption: tf.slice2d(caption, [from, 0], [B, -1]),
    labels: tf.slice3d(labels, [from, 0, 0], [B, -1, -1]),
  });
  return [part(0), part(B)];
}
