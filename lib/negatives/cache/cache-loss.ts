import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import type { CachedRows } from "./cached-rows.js";
import { checkGroups, type Retrieval, retrieveGumbelMax } from "./retrieval.js";
import { identityTransform, type ScoreTransform } from "./score-transform.js";

export interface CacheLossOptions {
  transform?: ScoreTransform;
  /** candidates per query after {@link CachedRows.groupMaxima}; null = every row */
  topK?: number | null;
  /** default: Gumbel-max with inverse temperature 1, which makes the gradient unbiased */
  retrieval?: Retrieval;
}

export interface CacheLossInput {
  /** [b, D] */
  queries: tf.Tensor2D;
  /** [b, D], row i is the positive of query i */
  positives: tf.Tensor2D;
  cached: CachedRows;
  /** fresh embeddings of cached rows [n, D], on the tape */
  embedRows: (rows: Int32Array) => tf.Tensor2D;
  random: Random;
  /** true for cached rows that are positives of query i: they are no candidates. With topK their group is passed over. */
  excluded?: (query: number, row: number) => boolean;
  /** [b, b] 1 = the positive j is a negative of query i too: in-batch negatives beside the cached ones */
  batchNegatives?: Float32Array;
}

export interface CacheLossResult {
  /** [b] surrogate whose gradient estimates that of the cross-entropy; its value means nothing */
  trainingLoss: tf.Tensor1D;
  /** [b] −ln p⁺, nats */
  interpretableLoss: Float32Array;
  /** [b] |cached − fresh|² / |fresh|² of the sampled rows; 0 where the fresh embedding is 0 and the cached one too */
  staleness: Float32Array;
  /** [b] probability of the positive among all candidates */
  positiveProbability: Float32Array;
  /** rows sampled, their fresh embeddings [b, D] for the cache's refresh, and false for queries without a candidate */
  refresh: { rows: Int32Array; embeddings: Float32Array; mask: boolean[] };
}

/**
 * The cache classification loss: softmax cross-entropy over the positive, the cached documents and, if asked for, the
 * batch's other positives, through a surrogate that needs one fresh negative per query.
 *
 * With p the softmax over [s⁺, batch scores, cached scores] and r a row drawn from the cached part,
 * ℓᵢ = Σ_{j in batch} p_j s_j + p_C s(q, fresh r) − (1 − p⁺) s⁺, all p constant, p_C = Σ p over the cached part.
 * Without batch negatives that is (1 − p⁺)(s⁻ − s⁺). Since the cached part is drawn in proportion to p, the expectation of
 * ∇ℓ is the gradient of the full cross-entropy when the cached embeddings are current.
 *
 * Differences from the published one: −ln p⁺ by log-sum-exp, so it stays finite; retrieval is a parameter; rows may be
 * excluded; a query without any candidate has loss 0.
 *
 * @returns per-example values; average them as you like ({@link meanCacheLoss} takes the mean)
 * @throws RangeError if shapes differ or topK does not divide the cache
 * @see specs/1-negative-cache.md section 5; Lindgren et al., NeurIPS 2021
 */
export function cacheLoss(options: CacheLossOptions = {}): (input: CacheLossInput) => CacheLossResult {
  const { transform = identityTransform, topK = null, retrieval = retrieveGumbelMax() } = options;
  return (input) => {
    const { queries, positives, cached, random } = input;
    checkShapes(queries, positives, cached);
    const size = queries.shape[0];
    const k = topK ?? cached.size;
    checkGroups("cacheLoss", cached.size, k);
    const maxima = cached.groupMaxima(queries.dataSync() as Float32Array, k);
    const scores = new Float64Array(size * k);
    for (let query = 0, cell = 0; query < size; query++)
      for (let group = 0; group < k; group++, cell++) {
        const score = maxima.scores[cell]!;
        const usable = score > -Infinity && !input.excluded?.(query, maxima.columns[cell]!);
        scores[cell] = usable ? transform.value(score) : -Infinity;
      }
    const winners = retrieval(scores, k, random);
    const rows = winners.map((winner, i) => maxima.columns[i * k + winner]!);
    return surrogate(input, transform, (i) => scores.subarray(i * k, (i + 1) * k), rows);
  };
}

/**
 * Steps 1 and 4 to 9 of the loss, once it is known which row each query samples and which scores stand for the cache.
 *
 * @param scoresOf transformed scores of query i's candidates, or log weights of their groups
 */
export function surrogate(
  input: Pick<CacheLossInput, "queries" | "positives" | "cached" | "embedRows" | "batchNegatives">,
  transform: ScoreTransform,
  scoresOf: (query: number) => ArrayLike<number>,
  rows: Int32Array,
): CacheLossResult {
  const { queries, positives, cached, batchNegatives } = input;
  const size = queries.shape[0];
  const positiveScores = transform.apply(tf.sum(tf.mul(queries, positives), 1)) as tf.Tensor1D;
  const fresh = input.embedRows(rows);
  const freshScores = transform.apply(tf.sum(tf.mul(queries, fresh), 1)) as tf.Tensor1D;
  const batchScores = batchNegatives
    ? (transform.apply(tf.matMul(queries, positives, false, true)) as tf.Tensor2D)
    : null;

  const own = positiveScores.dataSync();
  const others = batchScores?.dataSync();
  const ownWeights = new Float32Array(size);
  const cacheWeights = new Float32Array(size);
  const batchWeights = new Float32Array(batchScores ? size * size : 0);
  const interpretableLoss = new Float32Array(size);
  const positiveProbability = new Float32Array(size);
  const mask: boolean[] = [];
  for (let i = 0; i < size; i++) {
    const candidates = scoresOf(i);
    let top = own[i]!;
    for (let j = 0; j < candidates.length; j++) top = Math.max(top, candidates[j]!);
    for (let j = 0; j < size && others; j++)
      if (batchNegatives![i * size + j]) top = Math.max(top, others[i * size + j]!);
    let cacheMass = 0;
    let some = false;
    for (let j = 0; j < candidates.length; j++) {
      cacheMass += Math.exp(candidates[j]! - top);
      some ||= candidates[j]! > -Infinity;
    }
    mask.push(some);
    const ownMass = Math.exp(own[i]! - top);
    let total = ownMass + cacheMass;
    for (let j = 0; j < size && others; j++)
      if (batchNegatives![i * size + j])
        total += batchWeights[i * size + j] = Math.exp(others[i * size + j]! - top);
    for (let j = 0; j < size && others; j++) batchWeights[i * size + j]! /= total;
    interpretableLoss[i] = top + Math.log(total) - own[i]!;
    positiveProbability[i] = ownMass / total;
    ownWeights[i] = (total - ownMass) / total;
    cacheWeights[i] = cacheMass / total;
  }

  let trainingLoss = tf.sub(
    tf.mul(freshScores, tf.tensor1d(cacheWeights)),
    tf.mul(positiveScores, tf.tensor1d(ownWeights)),
  ) as tf.Tensor1D;
  if (batchScores)
    trainingLoss = tf.add(
      trainingLoss,
      tf.sum(tf.mul(batchScores, tf.tensor2d(batchWeights, [size, size])), 1),
    );
  const embeddings = (fresh.dataSync() as Float32Array).slice();
  const staleness = stalenessOf(cached, rows, embeddings);
  return {
    trainingLoss,
    interpretableLoss,
    staleness,
    positiveProbability,
    refresh: { rows, embeddings, mask },
  };
}

function stalenessOf(cached: CachedRows, rows: Int32Array, fresh: Float32Array): Float32Array {
  const { dim } = cached;
  return Float32Array.from(rows, (row, i) => {
    const old = cached.embedding(row);
    let moved = 0;
    let norm = 0;
    for (let d = 0; d < dim; d++) {
      moved += (old[d]! - fresh[i * dim + d]!) ** 2;
      norm += fresh[i * dim + d]! ** 2;
    }
    return moved === 0 ? 0 : moved / Math.max(norm, 1e-12);
  });
}

/** The mean of per-example values, as a scalar on the tape. */
export function meanCacheLoss(result: CacheLossResult): tf.Scalar {
  return tf.mean(result.trainingLoss) as tf.Scalar;
}

function checkShapes(queries: tf.Tensor2D, positives: tf.Tensor2D, cached: CachedRows): void {
  if (queries.shape.join() !== positives.shape.join() || queries.shape[1] !== cached.dim)
    throw new UserError(
      `cacheLoss: queries and positives must have equal shapes [b, ${cached.dim}], got [${queries.shape}] and [${positives.shape}]`,
    );
}
