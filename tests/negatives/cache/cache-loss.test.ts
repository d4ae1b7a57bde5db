import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type BackendName, selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { CacheHandler, gatherUpdates } from "../../../lib/negatives/cache/cache-handler.js";
import { cacheLoss, meanCacheLoss } from "../../../lib/negatives/cache/cache-loss.js";
import { arrayRows } from "../../../lib/negatives/cache/cached-rows.js";
import { NegativeCache } from "../../../lib/negatives/cache/negative-cache.js";
import {
  approximateTopK,
  gumbelNoise,
  type Retrieval,
  retrieveGumbelMax,
  retrieveMaximum,
} from "../../../lib/negatives/cache/retrieval.js";
import {
  identityTransform,
  learnableScale,
  scaledTransform,
} from "../../../lib/negatives/cache/score-transform.js";
import { concatenatedRows, splitRows } from "../../../lib/negatives/cache/several-caches.js";
import { shardedLoss, topKPerShard } from "../../../lib/negatives/cache/sharded-loss.js";
import { expectClose, expectFloat32Close, vector, vectors } from "../../support/vectors.js";

beforeAll(async () => void (await selectBackend("cpu")));

const flat = (rows: number[][]) => Float32Array.from(rows.flat());
const forced =
  (columns: number[]): Retrieval =>
  () =>
    Int32Array.from(columns);
const random = new Random(1);

describe("retrieval matches its vectors:", () => {
  it("maximum, injected noise, noise from uniform draws", () => {
    const maximum = vector("1-negative-cache/max_score_retrieval");
    const chosen = retrieveMaximum(flat(maximum.inputs.scores), 3, random);
    expect([...chosen].map((column) => [column])).toEqual(maximum.expected);
    const { inputs, expected } = vector("1-negative-cache/gumbel_max_injected_noise");
    for (const inverseTemperature of inputs.inv_temps) {
      const retrieve = retrieveGumbelMax({ inverseTemperature, noise: flat(inputs.gumbel_noise) });
      const key = inverseTemperature === 0.5 ? "0.5" : `${inverseTemperature}.0`;
      expect([...retrieve(flat(inputs.scores), 3, random)].map((column) => [column])).toEqual(expected[key]);
    }
    const noise = vector("1-negative-cache/gumbel_from_uniform");
    expectClose(noise.inputs.u.map(gumbelNoise), noise.expected, noise.tolerance);
    expect(Number.isFinite(gumbelNoise(0)) && Number.isFinite(gumbelNoise(1))).toBe(true);
  });

  it("distribution of draws", () => {
    const { inputs, expected, tolerance } = vector("1-negative-cache/gumbel_max_distribution");
    const draws = 100_000;
    const scores = new Float64Array(3 * draws).map((_, i) => inputs.scores[i % 3]);
    const counts = [0, 0, 0];
    for (const column of retrieveGumbelMax({ inverseTemperature: inputs.inv_temp })(scores, 3, new Random(9)))
      counts[column]!++;
    expectClose(
      counts.map((count) => count / draws),
      expected.selection_probabilities,
      tolerance,
    );
  });

  it("approximate top-k, over scores and over cached rows", () => {
    for (const { inputs, expected } of vectors("1-negative-cache/approximate_top_k/")) {
      const got = approximateTopK(flat(inputs.scores), 6, inputs.k);
      expectFloat32Close(got.scores, expected.scores.flat());
      expect([...got.columns]).toEqual(expected.indices.flat());
    }
    expect(() => approximateTopK([1, 2, 3], 3, 2)).toThrow(
      "top_k must be a positive integer that divides 3, got 2",
    );
    const embeddings = Float32Array.from({ length: 24 }, () => random.normal());
    const queries = Float32Array.from({ length: 6 }, () => random.normal());
    const rows = arrayRows(embeddings, 2);
    const all = rows.groupMaxima(queries, 12);
    expect(rows.groupMaxima(queries, 4)).toEqual(approximateTopK(all.scores, 12, 4));
  });
});

describe.each<BackendName>(["cpu", "wasm"])("the cache loss on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it.each(["identity", "scale20", "top_k"])("matches its vector %s", (name) => {
    const { inputs, expected } = vector(`1-negative-cache/loss/${name}`);
    const features = inputs.cache_features as number[][];
    tf.tidy(() => {
      const result = cacheLoss({
        transform: name === "scale20" ? scaledTransform(20) : identityTransform,
        topK: inputs.top_k,
        retrieval: forced(inputs.forced_retrieval ?? inputs.forced_retrieval_within_top_k),
      })({
        queries: tf.tensor2d(inputs.query_embeddings),
        positives: tf.tensor2d(inputs.positive_embeddings),
        cached: arrayRows(flat(inputs.cache_embeddings), 2),
        embedRows: (rows) => tf.mul(tf.tensor2d([...rows].map((row) => features[row]!)), 0.6),
        random,
      });
      expectFloat32Close(result.positiveProbability, expected.prob_positive);
      expectFloat32Close(result.trainingLoss.dataSync(), expected.training_loss_per_example);
      expectFloat32Close(meanCacheLoss(result).dataSync(), [expected.training_loss]);
      expectFloat32Close(result.interpretableLoss, expected.interpretable_loss_per_example);
      expectFloat32Close(result.staleness, expected.staleness_per_example);
      expect([...result.refresh.rows]).toEqual(expected.retrieved_indices);
      expectFloat32Close(result.refresh.embeddings, expected.refreshed_embeddings.flat());
    });
  });

  it("has the gradients of its vector: p and the sampled rows are constants", () => {
    const { inputs, expected } = vector("1-negative-cache/gradient_scalar_scales");
    tf.tidy(() => {
      const [queries, positives] = [
        [
          [1, 0],
          [0.5, 1],
        ],
        [
          [0.8, 0.1],
          [0.2, 0.9],
        ],
      ].map((rows) => tf.tensor2d(rows)) as [tf.Tensor2D, tf.Tensor2D];
      const features = inputs.cache_features as number[][];
      const loss = cacheLoss({ retrieval: forced(inputs.forced_retrieval) });
      const slopes = tf.grads((q, d) =>
        meanCacheLoss(
          loss({
            queries: tf.mul(queries, q!),
            positives: tf.mul(positives, d!),
            cached: arrayRows(flat(inputs.cache_embeddings), 2),
            embedRows: (rows) => tf.mul(tf.mul(tf.tensor2d([...rows].map((row) => features[row]!)), 0.6), d!),
            random,
          }),
        ),
      )([tf.scalar(inputs.q_scale), tf.scalar(inputs.d_scale)]);
      expectFloat32Close(slopes[0]!.dataSync(), [expected.d_loss_d_q_scale]);
      expectFloat32Close(slopes[1]!.dataSync(), [expected.d_loss_d_d_scale]);
    });
  });
});

describe("the cache loss", () => {
  beforeAll(async () => void (await selectBackend("cpu")));

  /** Common scale on all embeddings: gradient of the surrogate and of the cross-entropy, exactly, from probabilities. */
  it("has in expectation the cross-entropy's gradient, as its vector says", () => {
    const { inputs, expected } = vector("1-negative-cache/unbiased_gradient_identity");
    const fresh = flat(inputs.fresh_negative_embeddings);
    const rows = inputs.fresh_negative_embeddings as number[][];
    const gradients = [0, 0];
    for (let sampled = 0; sampled < 3; sampled++)
      tf.tidy(() => {
        const queries = tf.tensor2d(inputs.query_embeddings) as tf.Tensor2D;
        const positives = tf.tensor2d(inputs.positive_embeddings) as tf.Tensor2D;
        const loss = cacheLoss({ retrieval: forced([sampled, sampled]) });
        for (const i of [0, 1]) {
          const slope = tf.grad((scale) => {
            const result = loss({
              queries: tf.mul(queries, scale) as tf.Tensor2D,
              positives,
              cached: arrayRows(fresh, 2),
              embedRows: (r) => tf.tensor2d([...r].map((row) => rows[row]!)),
              random,
            });
            return tf.slice(result.trainingLoss, i, 1);
          })(tf.scalar(1));
          gradients[i]! += expected.negative_sampling_probabilities[i][sampled] * slope.dataSync()[0]!;
        }
      });
    expectClose(gradients, expected.expected_surrogate_gradient_wrt_common_score_scale, 1e-6);
    expectClose(gradients, expected.cross_entropy_gradient_wrt_common_score_scale, 1e-6);
    tf.tidy(() => {
      const result = cacheLoss()({
        queries: tf.tensor2d(inputs.query_embeddings),
        positives: tf.tensor2d(inputs.positive_embeddings),
        cached: arrayRows(fresh, 2),
        embedRows: (r) => tf.tensor2d([...r].map((row) => rows[row]!)),
        random,
      });
      expectFloat32Close(result.positiveProbability, expected.prob_positive);
      expectFloat32Close(result.interpretableLoss, expected.cross_entropy);
    });
  });

  it.each([false, true])(
    "over a fresh cache of the whole corpus, sampled gradients average to the cross-entropy's; batch negatives: %s",
    (batch) => {
      const [size, dim, corpus] = [3, 4, 9];
      const own = new Random(21);
      const normals = (count: number) => Float32Array.from({ length: count }, () => own.normal());
      const [q, p, c] = [normals(size * dim), normals(size * dim), normals(corpus * dim)];
      const batchNegatives = Float32Array.from({ length: 9 }, (_, cell) => (cell % 4 === 0 ? 0 : 1));
      const draws = 3000;
      const sum = new Float64Array(size * dim);
      const loss = cacheLoss();
      for (let draw = 0; draw < draws; draw++)
        tf.tidy(() => {
          const slope = tf.grad((queries) =>
            meanCacheLoss(
              loss({
                queries: queries as tf.Tensor2D,
                positives: tf.tensor2d(p, [size, dim]),
                cached: arrayRows(c, dim),
                embedRows: (rows) =>
                  tf.tensor2d([...rows].map((r) => Array.from(c.subarray(r * dim, (r + 1) * dim)))),
                random: own,
                ...(batch && { batchNegatives }),
              }),
            ),
          )(tf.tensor2d(q, [size, dim]));
          for (const [i, value] of slope.dataSync().entries()) sum[i]! += value / draws;
        });
      const exact = tf.tidy(() =>
        tf
          .grad((queries) => {
            const candidates = tf.concat2d([tf.tensor2d(p, [size, dim]), tf.tensor2d(c, [corpus, dim])], 0);
            const scores = tf.matMul(queries as tf.Tensor2D, candidates, false, true);
            const others = Array.from({ length: size * (size + corpus) }, (_, cell) => {
              const [i, j] = [Math.floor(cell / (size + corpus)), cell % (size + corpus)];
              return i === j || j >= size || batch ? 0 : -1e9;
            });
            const logits = tf.add(scores, tf.tensor2d(others, [size, size + corpus])) as tf.Tensor2D;
            const right = tf.sum(tf.mul(logits, tf.eye(size, size + corpus)), 1);
            return tf.mean(tf.sub(tf.logSumExp(logits, 1), right));
          })(tf.tensor2d(q, [size, dim]))
          .dataSync(),
      );
      // a gradient component has standard deviation below 1 per draw: 4 / √3000
      expectClose(sum, exact, 0.075);
    },
  );

  it("stays finite where the positive's probability underflows, and passes excluded and unwritten rows over", () => {
    tf.tidy(() => {
      const far = cacheLoss({ transform: scaledTransform(1000), retrieval: retrieveMaximum });
      const input = {
        queries: tf.tensor2d([[1, 0]]),
        positives: tf.tensor2d([[-1, 0]]),
        embedRows: (rows: Int32Array) => tf.tensor2d([...rows].map(() => [0, 0])),
        random,
      };
      const result = far({ ...input, cached: arrayRows(Float32Array.of(1, 0, 0, 1), 2) });
      expect(result.interpretableLoss[0]).toBeCloseTo(2000, 3);
      expect(result.positiveProbability[0]).toBe(0);
      expect(result.staleness[0]).toBeGreaterThan(1e10); // fresh embedding 0: guarded, not infinite
      expect(Number.isFinite(result.staleness[0]!)).toBe(true);
      const without = far({ ...input, cached: arrayRows(Float32Array.of(1, 0, 0, 1), 2, [0, 1]) });
      expect([...without.refresh.rows]).toEqual([1]);
      const excluded = far({
        ...input,
        cached: arrayRows(Float32Array.of(1, 0, 0, 1), 2),
        excluded: (_query, row) => row === 0,
      });
      expect([...excluded.refresh.rows]).toEqual([1]);
      const nothing = far({ ...input, cached: arrayRows(Float32Array.of(1, 0, 0, 1), 2, [0, 0]) });
      expect([nothing.trainingLoss.dataSync()[0], nothing.interpretableLoss[0]]).toEqual([0, 0]);
    });
    expect(() =>
      tf.tidy(
        () =>
          cacheLoss({ topK: 2 })({
            queries: tf.zeros([1, 2]),
            positives: tf.zeros([1, 2]),
            cached: arrayRows(new Float32Array(6), 2),
            embedRows: () => tf.zeros([1, 2]),
            random,
          }).trainingLoss,
      ),
    ).toThrow("cacheLoss: top_k must be a positive integer that divides 3, got 2");
  });

  it("a learnable scale gets its gradient from fresh scores", () => {
    tf.tidy(() => {
      const transform = learnableScale(2);
      const weight = transform.weights!["log_scale"]!;
      const loss = cacheLoss({ transform, retrieval: forced([0]) });
      const { grads } = tf.variableGrads(
        () =>
          meanCacheLoss(
            loss({
              queries: tf.tensor2d([[1, 0]]),
              positives: tf.tensor2d([[0.5, 0]]),
              cached: arrayRows(Float32Array.of(0.25, 0), 2),
              embedRows: () => tf.tensor2d([[0.75, 0]]),
              random,
            }),
          ),
        [weight],
      );
      // (1 − p⁺)(s⁻ − s⁺), s = e^t · x: the slope in t is the value itself; p⁺ from 2 · 0.5 against 2 · 0.25
      const p = Math.exp(1) / (Math.exp(1) + Math.exp(0.5));
      expect(grads[weight.name]!.dataSync()[0]).toBeCloseTo((1 - p) * 2 * (0.75 - 0.5), 5);
    });
  });
});

describe("several caches and shards match their vectors:", () => {
  beforeAll(async () => void (await selectBackend("cpu")));

  it("multi_cache_update_split", () => {
    const { inputs, expected } = vector("1-negative-cache/multi_cache_update_split");
    const split = splitRows(inputs.retrieved_indices_in_concatenation, inputs.cache_sizes);
    expect(Object.keys(split)).toEqual(expected.concatenation_order);
    for (const name of expected.concatenation_order) {
      expect([...split[name]!.indices]).toEqual(expected[name].indices);
      expect(split[name]!.mask).toEqual(expected[name].mask);
    }
  });

  it("searching several caches is searching their concatenation", () => {
    const own = new Random(6);
    const data = Float32Array.from({ length: 24 }, () => own.normal());
    const queries = Float32Array.from({ length: 4 }, () => own.normal());
    const parts = {
      b: arrayRows(data.subarray(10), 2, [1, 0, 1, 1, 1, 1, 1]),
      a: arrayRows(data.subarray(0, 10), 2),
    };
    const written = [1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1];
    for (const k of [1, 3, 4, 12])
      expect(concatenatedRows(parts).groupMaxima(queries, k)).toEqual(
        arrayRows(data, 2, written).groupMaxima(queries, k),
      );
    expect(concatenatedRows(parts).embedding(6)).toEqual(data.slice(12, 14));
    expect(concatenatedRows(parts).usable(6)).toBe(false);
  });

  const shards = (values: number[][][]) => values.map((rows) => arrayRows(flat(rows), 1));
  const replicas = (inputs: { queries_per_replica: number[][][]; positives_per_replica: number[][][] }) =>
    inputs.queries_per_replica.map((queries, r) => ({
      queries: tf.tensor2d(queries),
      positives: tf.tensor2d(inputs.positives_per_replica[r]!),
    }));

  it("distributed_interpretable_loss, equal to one cache with the same rows", () => {
    const { inputs, expected, tolerance } = vector("1-negative-cache/distributed_interpretable_loss");
    tf.tidy(() => {
      const results = shardedLoss()({
        replicas: replicas(inputs),
        shards: shards(inputs.shards),
        embedRows: (s) => tf.ones([s.length, 1]),
        random,
      });
      const weights = results.flatMap(({ logWeights }) => [...logWeights]);
      expectClose(weights, expected.shard_log_weights_all_queries.flat(), Math.max(tolerance, 1e-6));
      results.forEach((result, r) => {
        expectFloat32Close(result.interpretableLoss, expected[`interpretable_loss_replica${r}`]);
        const whole = cacheLoss()({
          ...replicas(inputs)[r]!,
          cached: arrayRows(flat(inputs.shards.flat()), 1),
          embedRows: (rows) => tf.ones([rows.length, 1]),
          random,
        });
        expectFloat32Close(result.interpretableLoss, [...whole.interpretableLoss]);
      });
    });
  });

  it("distributed_training_loss", () => {
    const { inputs, expected } = vector("1-negative-cache/distributed_training_loss");
    let shard = 0;
    let replica = 0;
    tf.tidy(() => {
      const results = shardedLoss({
        sampleRow: () => Int32Array.from(inputs.forced_row_in_each_shard_for_all_queries[shard++]),
        sampleShard: () => Int32Array.from(inputs.forced_replica_per_local_query[replica++]),
      })({
        replicas: replicas(inputs),
        shards: shards(inputs.shards),
        embedRows: (s, rows) => tf.tensor2d([...rows].map((row, i) => inputs.shards[s[i]!][row])),
        random,
      });
      results.forEach((result, r) => {
        expectFloat32Close(result.trainingLoss.dataSync(), expected[`training_loss_replica${r}`]);
        expect([...result.staleness]).toEqual([0, 0]);
      });
    });
  });

  it("distributed_top_k_split, and a top_k below the number of shards is refused", () => {
    const { inputs, expected } = vector("1-negative-cache/distributed_top_k_split");
    expect(topKPerShard(inputs.top_k, inputs.num_replicas)).toBe(expected.top_k_per_replica);
    expect(() => topKPerShard(4, 8)).toThrow("top_k must be at least the number of shards (8), got 4");
  });
});

describe("CacheHandler", () => {
  beforeAll(async () => void (await selectBackend("cpu")));
  const specs = {
    data: { shape: [1], dtype: "float32" },
    embedding: { shape: [1], dtype: "float32" },
  } as const;
  const half = (features: Record<string, ArrayLike<number>>, count: number) =>
    tf.mul(tf.tensor2d(Float32Array.from(features["data"]!), [count, 1]), 0.5) as tf.Tensor2D;

  function filled(inputs: { data: number[]; embedding: number[]; age: number[] }): NegativeCache {
    const cache = new NegativeCache(specs, inputs.data.length);
    cache.restore({
      "data.data": Float32Array.from(inputs.data),
      "data.embedding": Float32Array.from(inputs.embedding),
      ages: Int32Array.from(inputs.age),
      written: new Int32Array(inputs.data.length).fill(1),
    });
    return cache;
  }

  it("matches handler_step: loss first, then refresh, then the batch's positives", () => {
    const { inputs, expected } = vector("1-negative-cache/handler_step");
    const cache = filled(inputs.cache);
    const handler = new CacheHandler(cache, { dataKeys: ["data"], retrieval: forced(inputs.sampled_rows) });
    const positives = inputs.batch_positive_embeddings.map((x: number) => [x]);
    tf.tidy(() => {
      const result = handler.loss({
        network: half,
        queries: tf.ones([2, 1]),
        positives: tf.tensor2d(positives),
        random,
      });
      expect([...cache.data["data"]!]).toEqual(inputs.cache.data); // computing the loss changes nothing
      expectFloat32Close(result.refresh.embeddings, expected.refreshed_embeddings);
      handler.apply(
        handler.updates(result, {
          data: inputs.batch_positive_features,
          embedding: inputs.batch_positive_embeddings,
        }),
      );
    });
    expect([...cache.data["data"]!]).toEqual(expected.cache_after.data);
    expect([...cache.data["embedding"]!]).toEqual(expected.cache_after.embedding);
    expect([...cache.ages()]).toEqual(expected.cache_after.age);
  });

  it("staleness is 0 while the network stands still and grows with its step", () => {
    const cache = filled({ data: [1, 2, 3], embedding: [0.5, 1, 1.5], age: [0, 0, 0] });
    const handler = new CacheHandler(cache, { dataKeys: ["data"] });
    const stale = (factor: number) =>
      tf.tidy(() => {
        const result = handler.loss({
          network: (features, count) => tf.mul(half(features, count), factor) as tf.Tensor2D,
          queries: tf.ones([4, 1]),
          positives: tf.ones([4, 1]),
          random,
        });
        return Math.max(...result.staleness);
      });
    expect(stale(1)).toBe(0);
    expect(stale(1.01)).toBeGreaterThan(0);
    expect(stale(1.1)).toBeGreaterThan(stale(1.01));
  });

  it("updates several caches, each by the rows that lie in it", () => {
    const caches = {
      b: filled({ data: [7, 8], embedding: [3, 4], age: [0, 0] }),
      a: filled({ data: [1, 2, 3], embedding: [9, 9, 9], age: [0, 0, 0] }),
    };
    const handler = new CacheHandler(caches, { dataKeys: ["data"], retrieval: forced([1, 4]) });
    tf.tidy(() => {
      const result = handler.loss({
        network: half,
        queries: tf.ones([2, 1]),
        positives: tf.ones([2, 1]),
        random,
      });
      expect([...result.refresh.embeddings]).toEqual([1, 4]);
      handler.apply(handler.updates(result, { a: { data: [5], embedding: [2.5] } }));
    });
    expect([...caches.a.data["embedding"]!]).toEqual([2.5, 1, 9]);
    expect([...caches.b.data["embedding"]!]).toEqual([3, 4]);
    expect([...caches.b.ages()]).toEqual([1, 0]);
  });

  it("skips documents that are cached already, or twice in a batch, when told which fields to compare", () => {
    const cache = new NegativeCache({ id: { shape: [], dtype: "int32" }, embedding: specs.embedding }, 4);
    const handler = new CacheHandler(cache, {
      dataKeys: ["id"],
      skipPresent: ["id"],
      retrieval: forced([0, 0, 0]),
    });
    const network = (features: Record<string, ArrayLike<number>>, count: number) =>
      tf.tensor2d(Float32Array.from(features["id"]!), [count, 1]);
    const step = (ids: number[]) =>
      tf.tidy(() => {
        const n = ids.length;
        const result = handler.loss({
          network,
          queries: tf.ones([n, 1]),
          positives: tf.ones([n, 1]),
          random,
        });
        handler.apply(handler.updates(result, { id: ids, embedding: ids }));
      });
    step([5, 6, 5]);
    step([6, 0, 7]);
    expect([...cache.data["id"]!].sort()).toEqual([0, 5, 6, 7]);
  });

  it("gathers the updates of replicas, whose caches then stay equal", () => {
    const state = { data: [1, 2, 3, 4, 5, 6], embedding: [1, 1, 1, 1, 1, 1], age: [5, 4, 3, 2, 1, 0] };
    const caches = [filled(state), filled(state)];
    const updates = [
      { newItems: { data: [10], embedding: [5] }, refresh: { embedding: [0.5] }, refreshIndices: [4] },
      { newItems: { data: [20], embedding: [10] }, refresh: { embedding: [0.25] }, refreshIndices: [5] },
    ];
    for (const cache of caches) cache.update(gatherUpdates(updates));
    expect(caches[0]!.state()).toEqual(caches[1]!.state());
    expect([...caches[0]!.data["data"]!]).toEqual([10, 20, 3, 4, 5, 6]);
    expect([...caches[0]!.data["embedding"]!]).toEqual([5, 10, 1, 1, 0.5, 0.25]);
  });

  it("names the field that a cache lacks", () => {
    expect(() => new CacheHandler(new NegativeCache(specs, 2), { dataKeys: ["ids"] })).toThrow(
      'cache must have the field "ids", got data, embedding',
    );
  });
});
