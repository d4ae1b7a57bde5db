import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { ParameterSet } from "../../encoders/parameter-set.js";
import type { ImageHeads } from "../../encoders/regions/region-encoder.js";
import { graphLength } from "../../engine/jit/graph-length.js";
import { tracing } from "../../engine/jit/tracing.js";
import type { Listener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { epochOrder } from "../../experiment/pairs.js";
import { UserError } from "../../files/user-error.js";
import { partStart } from "../../training/parallel/parallel-trainer.js";
import { SentenceMatcher } from "./encoders/sentence-matcher.js";
import { WordMatcher } from "./encoders/word-matcher.js";
import { bestHeads, meanScore } from "./encoders/word-scores.js";
import { padWords } from "./encoders/word-vectors.js";
import { scorePredictions } from "./ensemble.js";
import { type Predictions, readAnswers, writePredictions } from "./files/prediction-files.js";
import { trainingKey } from "./finished-steps.js";
import { type ParameterGroup, withPrefix } from "./group-optimizer.js";
import { engineOf } from "./kdd-engine.js";
import { type KddReplica, kddReplicaSource } from "./kdd-replica-source.js";
import type { KddConfig } from "./kdd-schema.js";
import { drawNegatives, keptRows, rowsApart } from "./last-word-negatives.js";
import { pairBce, pairRanking } from "./losses/pair-ranking.js";
import { filesOf } from "./prepare.js";
import { predictWith } from "./pretrain.js";
import { queryGraph } from "./query-graph.js";
import { type StepShards, trainStep } from "./train-step.js";
import { loadWeights, saveWeights, type Workspace } from "./workspace.js";

/** Rows of a batch after collation: words and products, negatives aligned. */
interface MatchRows {
  queries: readonly (readonly number[])[];
  negativeQueries: readonly (readonly number[])[];
  products: string[];
  negativeProducts: string[];
}

/** Rows of a batch for one process, padded as the whole batch. */
interface MatchPart extends MatchRows {
  length: number;
  negativeLength: number;
}

interface MatchBatch extends MatchRows {
  /** pairs before collation */
  drawnFrom: number;
  /** what the batch's negatives came from, and its dropout */
  draws: Random;
}

interface Matcher {
  weights: Record<string, tf.Variable>;
  loss(batch: MatchRows, draws: Random): tf.Scalar;
  /** what the loss reads of rows, in the order of the rows; together with {@link ofFeatures} the same as {@link loss} */
  features(part: MatchPart, draws: Random): tf.Tensor[];
  ofFeatures(features: tf.Tensor[], batch: MatchRows): tf.Scalar;
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
  const weights = { ...space.imageWeights, ...matcher.weights };
  const answers = readAnswers(path.join(config.data_dir, "valid_answer.json"));
  const draw = matchDraws(space, which);
  const counts = { rows: 0, batches: 0 };
  try {
    const result = await trainStep<MatchBatch>(
      {
        ...{ name: `model ${which}`, weights, gamma: settings.gamma, counts },
        ...{ dir: files.training(`model${which}`), metricsFile: files.metrics(`model${which}`) },
        key: trainingKey(config, `model${which}`),
        ...{ epochs: settings.epochs, use: settings.use_epoch },
        publishedRates: config.published_rate_schedule,
        groups: groupsOf(space, which, matcher),
        parallel: config.data_parallel === 1 ? null : shardsOf(config, which, matcher),
        epoch(number) {
          const order = epochOrder(data.pairs.length, random.fork(`order-${number}`));
          const draws = random.fork(`draws-${number}`);
          return {
            steps: Math.floor(order.length / settings.batch_size),
            items: order.length,
            batches: matchBatches(order, settings.batch_size, (pairs) => draw(pairs, draws), counts),
            whenEmpty: () =>
              new UserError(
                `model${which}.batch_size: a batch must be left with 2 rows or more, got none of ${settings.batch_size} of ${order.length} pairs`,
              ),
          };
        },
        itemsOf: ({ drawnFrom }) => drawnFrom,
        loss: (batch) => matcher.loss(batch, batch.draws),
        ...{ engine: engineOf(config), drawsOf: ({ draws }) => draws, tell: listener.line },
        measure: () => ({
          ndcg5: scorePredictions(predictWith(space, "valid", matcher.score), answers).mean,
        }),
      },
      listener,
    );
    saveWeights(files.model(which), weights);
    for (const set of ["valid", "test"] as const)
      writePredictions(files.predictions(set, which), predictWith(space, set, matcher.score));
    return { ...result, effectiveBatch: counts.rows / counts.batches };
  } finally {
    for (const weight of Object.values(matcher.weights)) weight.dispose();
  }
}

/** The image's region weight and projection, and everything behind the image encoder. */
function groupsOf({ config, imageWeights }: Workspace, which: 1 | 2, matcher: Matcher): ParameterGroup[] {
  const settings = config[`model${which}`];
  return [
    {
      name: "image",
      weights: withPrefix(imageWeights, ["image.weight.", "image.projection."]),
      learningRate: settings.image_rate,
      weightDecay: settings.image_weight_decay,
    },
    { name: "text", weights: matcher.weights, learningRate: settings.text_rate, weightDecay: 0 },
  ];
}

function shardsOf(config: KddConfig, which: 1 | 2, matcher: Matcher): StepShards<MatchBatch> {
  return {
    processes: config.data_parallel,
    source: kddReplicaSource({ config, step: `model${which}` }),
    parts: (batch, count) => matchParts(batch, count),
    features: (part, draws) => matcher.features(part as MatchPart, draws),
    loss: (features, batch) => matcher.ofFeatures(features, batch),
    drawsOf: ({ draws }) => draws,
  };
}

/** Runs of a batch's rows. */
function matchParts(
  { queries, negativeQueries, products, negativeProducts }: MatchRows,
  count: number,
): MatchPart[] {
  const parts = Math.min(count, products.length);
  return Array.from({ length: parts }, (_, i) => {
    const [from, to] = [partStart(products.length, i, parts), partStart(products.length, i + 1, parts)];
    return {
      ...{ queries: queries.slice(from, to), negativeQueries: negativeQueries.slice(from, to) },
      ...{ products: products.slice(from, to), negativeProducts: negativeProducts.slice(from, to) },
      ...{ length: longestOf(queries), negativeLength: longestOf(negativeQueries) },
    };
  });
}

function longestOf(lists: readonly (readonly number[])[]): number {
  return Math.max(1, ...lists.map(({ length }) => length));
}

/** What a process beside the training needs to take part in its steps. */
export function matcherReplica(space: Workspace, which: 1 | 2): KddReplica {
  const random = new Random(space.config.seed);
  const matcher = which === 1 ? wordMatcher(space, random) : sentenceMatcher(space, random);
  return {
    weights: { ...space.imageWeights, ...matcher.weights },
    groups: groupsOf(space, which, matcher),
    features: (part, draws) => matcher.features(part as MatchPart, draws),
  };
}

/** Pairs with a negative each, as a batch; see {@link drawNegatives} for what is drawn. */
function matchDraws(space: Workspace, which: 1 | 2) {
  const { config, data } = space;
  const { linked_negatives: linked, avoid_known_positives: avoid } = config[`model${which}`];
  const anyQueryShare = which === 1 ? 0 : config.model2.any_query_share;
  const graph = queryGraph(data);
  return (rows: Uint32Array | Int32Array, draws: Random): MatchBatch => {
    const drawn = Array.from(rows, (i) => data.pairs[i]!).flatMap((pair) => {
      const { query, product } = pair;
      const options = { linked, anyQueryShare, notOf: avoid ? product : null };
      const negative = drawNegatives(query, graph, options, draws);
      return negative === null ? [] : [{ ...pair, negative }];
    });
    const apart = avoid ? rowsApart(drawn, graph.productsOf).map((i) => drawn[i]!) : drawn;
    return { ...collate(space, apart), drawnFrom: rows.length, draws };
  };
}

/** Batches of the order in which two rows or more are left. */
function* matchBatches(
  order: Uint32Array | Int32Array,
  size: number,
  draw: (rows: Uint32Array | Int32Array) => MatchBatch,
  counts: { rows: number; batches: number },
): Generator<MatchBatch> {
  for (let start = 0; start + size <= order.length; start += size) {
    const batch = draw(order.subarray(start, start + size));
    if (batch.products.length < 2) continue;
    counts.rows += batch.products.length;
    counts.batches++;
    yield batch;
  }
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

function collate(space: Workspace, rows: readonly DrawnRow[]): MatchRows {
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
  const { hidden, weight_hidden: weightHidden, dropout, margin, contrastive } = space.config.model1;
  const set = new ParameterSet("model1", random);
  const model = new WordMatcher({ hidden, weightHidden, dim: space.words.dim, dropout }, space.words, set);
  return {
    weights: set.variables,
    loss: (batch, draws) => {
      const rows = graphRows(batch);
      const { queries, products, counted } = rows;
      const [image, negativeImage] = halves(
        space.embed([...products, ...rows.negativeProducts], draws),
        queries.length,
      );
      // both as long, so that batches share graphs
      const longest = tracing() ? longestOf([...queries, ...rows.negativeQueries]) : 1;
      const query = model.read(padWords(queries, longest), draws);
      const inBatch = model.crossScores(query, image);
      return pairRanking(
        {
          positive: tf.sum(tf.mul(inBatch, tf.eye(products.length)), 1) as tf.Tensor1D,
          negativeImage: model.scores(query, negativeImage),
          negativeQuery: model.scores(model.read(padWords(rows.negativeQueries, longest), draws), image),
        },
        inBatch,
        { ...contrastive, margin },
        counted,
      ).total;
    },
    features: (part, draws) => {
      const { queries, products } = part;
      const [image, negative] = halves(
        space.embed([...products, ...part.negativeProducts], draws),
        queries.length,
      );
      const query = model.read(padWords(queries, part.length), draws);
      const negativeQuery = model.read(padWords(part.negativeQueries, part.negativeLength), draws);
      const heads = [image.caption, image.labels, negative.caption, negative.labels];
      return [query.states, negativeQuery.states, ...heads];
    },
    ofFeatures: (features, batch) => {
      const [states, negativeStates, caption, labels, negativeCaption, negativeLabels] = features;
      const image = { caption, labels } as ImageHeads;
      const query = model.withStates(padWords(batch.queries), states as tf.Tensor3D);
      const negativeQuery = model.withStates(padWords(batch.negativeQueries), negativeStates as tf.Tensor3D);
      const inBatch = model.crossScores(query, image);
      return pairRanking(
        {
          positive: tf.sum(tf.mul(inBatch, tf.eye(batch.products.length)), 1) as tf.Tensor1D,
          negativeImage: model.scores(query, {
            caption: negativeCaption,
            labels: negativeLabels,
          } as ImageHeads),
          negativeQuery: model.scores(negativeQuery, image),
        },
        inBatch,
        { ...contrastive, margin },
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
  // one run over the three kinds of pairs: many small ones would cost three times as much
  const features = (rows: MatchRows, draws: Random) => {
    const { queries, negativeQueries, products, negativeProducts } = rows;
    const B = queries.length;
    const [image, negative] = halves(space.embed([...products, ...negativeProducts], draws), B);
    const captions = tf.concat2d([image.caption, image.caption, negative.caption], 0);
    const scores = model.scores(padWords([...queries, ...negativeQueries, ...queries]), captions, draws);
    return [0, 1, 2].map((kind) => tf.slice1d(scores, kind * B, B));
  };
  const ofFeatures = (scores: tf.Tensor[], counted: number | null = null) => {
    const [positive, negativeQuery, negativeImage] = scores as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
    return pairBce({ positive, negativeQuery, negativeImage }, counted);
  };
  return {
    ...{ weights: set.variables, features, ofFeatures: (scores) => ofFeatures(scores) },
    loss(batch, draws) {
      const rows = graphRows(batch);
      return ofFeatures(features(rows, draws), rows.counted);
    },
    score: (query, products) =>
      tf.tidy(() => {
        const words = padWords(products.map(() => space.wordsOf(query)));
        return Array.from(model.scores(words, space.embed(products, null).caption, null).dataSync());
      }),
  };
}

/**
 * Under trace the rows are filled up, with queries without words and products without pictures, to a number that many batches
 * share; `counted` are the rows that count then, null where all do.
 */
function graphRows(rows: MatchRows): MatchRows & { counted: number | null } {
  if (!tracing()) return { ...rows, counted: null };
  const counted = rows.products.length;
  const more = graphLength(counted) - counted;
  const filled = <T>(list: readonly T[], value: T): T[] => [...list, ...new Array<T>(more).fill(value)];
  return {
    queries: filled(rows.queries, []),
    negativeQueries: filled(rows.negativeQueries, []),
    products: filled(rows.products, ""),
    negativeProducts: filled(rows.negativeProducts, ""),
    counted,
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
