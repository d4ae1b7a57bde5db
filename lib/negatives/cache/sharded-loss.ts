import type * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { type CacheLossResult, surrogate } from "./cache-loss.js";
import type { CachedRows } from "./cached-rows.js";
import { checkGroups, type Retrieval, retrieveGumbelMax } from "./retrieval.js";
import { identityTransform, type ScoreTransform } from "./score-transform.js";

/** Candidates of each of R shards for a total of topK; null stays null. @throws RangeError if topK < R */
export function topKPerShard(topK: number | null, shards: number): number | null {
  if (topK === null) return null;
  const share = Math.floor(topK / shards);
  if (share < 1)
    throw new UserError(`shardedLoss: top_k must be at least the number of shards (${shards}), got ${topK}`);
  return share;
}

export interface ShardedLossInput {
  /** one entry per replica: its own queries and positives [b, D] */
  replicas: readonly { queries: tf.Tensor2D; positives: tf.Tensor2D }[];
  /** one part of the cache per replica */
  shards: readonly CachedRows[];
  /** fresh embeddings of the given (shard, row) pairs, on the tape */
  embedRows: (shards: Int32Array, rows: Int32Array) => tf.Tensor2D;
  random: Random;
}

export interface ShardedLossResult extends Omit<CacheLossResult, "refresh"> {
  /** shard and row sampled for each local query */
  sampled: { shards: Int32Array; rows: Int32Array };
  /** [b, R] log of each shard's summed exp(scores) */
  logWeights: Float64Array;
}

/**
 * The cache loss with the cache split over R shards, two-level sampling: a row inside every shard, then a shard in
 * proportion to its weight Σ exp(scores). Every row is drawn with the probability it has in the unsharded cache, and the
 * denominators are those of the unsharded cache. The sampled rows are not refreshed, as published; sharing updates between
 * replicas is therefore impossible with this loss.
 *
 * @param options.sampleRow    inside shards, for all queries; default Gumbel-max
 * @param options.sampleShard  between shards, on the log weights; default Gumbel-max
 * @returns one result per replica, in their order
 * @throws RangeError if topK is smaller than the number of shards or its share does not divide a shard
 * @see specs/1-negative-cache.md section 8
 */
export function shardedLoss(
  options: {
    transform?: ScoreTransform;
    topK?: number | null;
    sampleRow?: Retrieval;
    sampleShard?: Retrieval;
  } = {},
): (input: ShardedLossInput) => ShardedLossResult[] {
  const {
    transform = identityTransform,
    topK = null,
    sampleRow = retrieveGumbelMax(),
    sampleShard = retrieveGumbelMax(),
  } = options;
  return ({ replicas, shards, embedRows, random }) => {
    const share = topKPerShard(topK, shards.length);
    const dim = shards[0]!.dim;
    const counts = replicas.map(({ queries }) => queries.shape[0]);
    const gathered = new Float32Array(counts.reduce((a, b) => a + b, 0) * dim);
    let at = 0;
    for (const { queries } of replicas) {
      gathered.set(queries.dataSync() as Float32Array, at);
      at += queries.size;
    }
    const perShard = shards.map((shard) => searchShard(shard, gathered, share, transform, sampleRow, random));
    let first = 0;
    return replicas.map(({ queries, positives }, replica) => {
      const size = counts[replica]!;
      const logWeights = new Float64Array(size * shards.length);
      for (let i = 0; i < size; i++)
        for (let s = 0; s < shards.length; s++)
          logWeights[i * shards.length + s] = perShard[s]!.logWeights[first + i]!;
      const chosen = sampleShard(logWeights, shards.length, random);
      const rows = chosen.map((s, i) => perShard[s]!.rows[first + i]!);
      first += size;
      // the surrogate sees the drawn rows as a cache of its own, numbered by query
      const drawn: CachedRows = {
        size,
        dim,
        embedding: (i) => shards[chosen[i]!]!.embedding(rows[i]!),
        usable: () => true,
        groupMaxima: () => ({ scores: new Float32Array(0), columns: new Int32Array(0) }),
      };
      const { refresh: _none, ...result } = surrogate(
        { queries, positives, cached: drawn, embedRows: () => embedRows(chosen, rows) },
        transform,
        (i) => logWeights.subarray(i * shards.length, (i + 1) * shards.length),
        Int32Array.from({ length: size }, (_, i) => i),
      );
      return { ...result, sampled: { shards: chosen, rows }, logWeights };
    });
  };
}

function searchShard(
  shard: CachedRows,
  queries: Float32Array,
  topK: number | null,
  transform: ScoreTransform,
  sampleRow: Retrieval,
  random: Random,
): { rows: Int32Array; logWeights: Float64Array } {
  const k = topK ?? shard.size;
  checkGroups("shardedLoss", shard.size, k);
  const maxima = shard.groupMaxima(queries, k);
  const scores = Float64Array.from(maxima.scores, (score) =>
    score === -Infinity ? score : transform.value(score),
  );
  const logWeights = new Float64Array(scores.length / k);
  for (let i = 0; i < logWeights.length; i++) {
    const row = scores.subarray(i * k, (i + 1) * k);
    const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
    logWeights[i] =
      top === -Infinity ? -Infinity : top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
  }
  const winners = sampleRow(scores, k, random);
  return { rows: winners.map((winner, i) => maxima.columns[i * k + winner]!), logWeights };
}
