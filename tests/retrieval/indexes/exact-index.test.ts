import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { ExactIndex } from "../../../lib/retrieval/indexes/exact-index.js";
import { exactSearch, type SearchMetric } from "../../../lib/retrieval/indexes/exact-search.js";
import { openIndex } from "../../../lib/retrieval/indexes/open-index.js";
import { codesPay } from "../../../lib/retrieval/indexes/query-batch.js";

const folder = mkdtempSync(path.join(tmpdir(), "qdrl-exact-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function normals(count: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.normal());
}

/** float64 scores of all documents, for one query */
function scoresOf(
  documents: Float32Array,
  dim: number,
  query: Float32Array,
  metric: SearchMetric,
): Float64Array {
  const norm = (x: Float32Array) => Math.max(1e-8, Math.sqrt(x.reduce((s, v) => s + v * v, 0)));
  return Float64Array.from({ length: documents.length / dim }, (_, d) => {
    const x = documents.subarray(d * dim, d * dim + dim);
    if (metric === "euclidean") return -Math.sqrt(x.reduce((s, v, i) => s + (v - query[i]!) ** 2, 0));
    const product = x.reduce((s, v, i) => s + v * query[i]!, 0);
    return metric === "cosine" ? product / (norm(x) * norm(query)) : product;
  });
}

describe("ExactIndex", () => {
  const cases = (["cosine", "dot", "euclidean"] as const).flatMap((metric) =>
    [1, 3, 8, 13, 64].map((dim) => [metric, dim] as const),
  );

  it.each(cases)("agrees with a slow loop in float64 (%s, D = %i)", async (metric, dim) => {
    const documents = normals(3001 * dim, 1);
    const queries = normals(7 * dim, 2);
    const index = ExactIndex.build(documents, { dim, metric, threads: 1 });
    const { ids, scores } = await index.search(queries, 20);
    for (let q = 0; q < 7; q++) {
      const slow = scoresOf(documents, dim, queries.subarray(q * dim, q * dim + dim), metric);
      const best = Float64Array.from(slow).sort().reverse();
      const found = [...ids.subarray(q * 20, q * 20 + 20)];
      expect(new Set(found).size).toBe(20);
      found.forEach((id, i) => {
        // 1e-6 of the largest possible product: float32 sums of 64 terms
        const close = 1e-6 * Math.max(1, 4 * dim);
        expect(Math.abs(slow[id]! - best[i]!)).toBeLessThan(close);
        expect(Math.abs(scores[q * 20 + i]! - best[i]!)).toBeLessThan(close);
      });
    }
  });

  it.each(["cosine", "dot", "euclidean"] as const)(
    "gives the same bytes by one thread, several, shards, blocks and batches (%s)",
    async (metric) => {
      const dim = 24;
      const documents = normals(40_000 * dim, 3);
      documents.copyWithin(30_000 * dim, 0, 5000 * dim); // ties across the ranges
      const queries = normals(500 * dim, 4);
      const whole = exactSearch({ documents, dim, queries, k: 10, metric });
      const one = ExactIndex.build(documents, { dim, metric, threads: 1 });
      expect(await one.search(queries, 10)).toEqual(whole);
      const single = await one.search(queries.subarray(dim, 2 * dim), 10);
      expect(single.ids).toEqual(whole.ids.slice(10, 20));
      expect(single.scores).toEqual(whole.scores.slice(10, 20));
      // 300 repetitions of the queries pass the work that starts threads
      const many = new Float32Array(queries.length * 5);
      for (let r = 0; r < 5; r++) many.set(queries, r * queries.length);
      const three = ExactIndex.build(documents, { dim, metric, threads: 3, shardBytes: 15_000 * dim * 4 });
      const progress: number[] = [];
      const found = await three.search(many, 10, { onProgress: (done) => progress.push(done) });
      for (let r = 0; r < 5; r++) {
        expect(found.ids.slice(r * 5000, (r + 1) * 5000)).toEqual(whole.ids);
        expect(found.scores.slice(r * 5000, (r + 1) * 5000)).toEqual(whole.scores);
      }
      expect(progress.at(-1)).toBe(2500);
      expect([...progress].sort((a, b) => a - b)).toEqual(progress);
      // few queries: now the documents are what the threads share
      const few = await three.search(queries.subarray(0, 64 * dim), 10);
      expect(few.ids).toEqual(whole.ids.slice(0, 640));
      expect(few.scores).toEqual(whole.scores.slice(0, 640));
      await three.close();
    },
  );

  it("answers searches that overlap", async () => {
    const dim = 8;
    const documents = normals(2000 * dim, 5);
    const index = ExactIndex.build(documents, { dim, threads: 2 });
    const queries = [6, 7, 8].map((seed) => normals(5 * dim, seed));
    const together = await Promise.all(queries.map((q, i) => index.search(q, 3 + i)));
    for (let i = 0; i < 3; i++)
      expect(together[i]).toEqual(exactSearch({ documents, dim, queries: queries[i]!, k: 3 + i }));
  });

  it("keeps a subset, excludes documents, and each query's own id", async () => {
    const dim = 4;
    const documents = normals(300 * dim, 9);
    const index = ExactIndex.build(documents, { dim, metric: "dot", threads: 1 });
    const queries = documents.slice(0, 5 * dim);
    const keep = Array.from({ length: 150 }, (_, i) => 2 * i);
    const exclude = [0, 4, 8];
    const { ids } = await index.search(queries, 200, { keep, exclude, excludePerQuery: [-1, 1, 2, 3, 4] });
    for (let q = 0; q < 5; q++) {
      const slow = scoresOf(documents, dim, queries.subarray(q * dim, q * dim + dim), "dot");
      const expected = keep
        .filter((id) => !exclude.includes(id) && !(q > 0 && id === q))
        .sort((a, b) => slow[b]! - slow[a]!);
      const found = [...ids.subarray(q * 200, q * 200 + 200)];
      expect(found.filter((id) => id >= 0)).toEqual(expected);
      expect(found.slice(expected.length).every((id) => id === -1)).toBe(true);
    }
    const sync = exactSearch({
      documents,
      dim,
      queries,
      k: 200,
      metric: "dot",
      keep,
      exclude,
      excludePerQuery: [-1, 1, 2, 3, 4],
    });
    expect(sync.ids).toEqual(ids);
  });

  it("is not led astray by values of any size", async () => {
    const dim = 16;
    const count = 4000; // enough for lists of 20 to go through the codes
    const documents = normals(count * dim, 10);
    for (let d = 0; d < count; d++) {
      const size = [1e-30, 1e-12, 1, 1e12, 0][d % 5]!;
      for (let i = 0; i < dim; i++) documents[d * dim + i]! *= size;
    }
    const queries = normals(140 * dim, 11); // over 128: exactSearch uses codes too
    for (const metric of ["dot", "cosine"] as const) {
      expect(codesPay(count, 20, 1) && codesPay(count, 20, 140)).toBe(true);
      const index = ExactIndex.build(documents, { dim, metric, threads: 1 });
      const one = await index.search(queries.subarray(0, dim), 20);
      const many = exactSearch({ documents, dim, queries, k: 20, metric });
      const plain = exactSearch({ documents, dim, queries: queries.subarray(0, dim), k: 20, metric });
      expect(one).toEqual(plain);
      expect(many.ids.slice(0, 20)).toEqual(plain.ids);
      expect(many.scores.slice(0, 20)).toEqual(plain.scores);
      // and without the large ones: what the tiny ones score still decides the order
      const small = { keep: Array.from({ length: count / 5 }, (_, i) => 5 * i) };
      expect(await index.search(queries, 20, small)).toEqual(
        exactSearch({ documents, dim, queries, k: 20, metric, ...small }),
      );
      const lone = queries.subarray(dim, 2 * dim);
      expect(await index.search(lone, 20, small)).toEqual(
        exactSearch({ documents, dim, queries: lone, k: 20, metric, ...small }),
      );
    }
  });

  it("handles an empty pool, no queries, and k beyond the pool", async () => {
    const empty = ExactIndex.build(new Float32Array(0), { dim: 3 });
    expect([...(await empty.search(Float32Array.of(1, 2, 3), 2)).ids]).toEqual([-1, -1]);
    const one = ExactIndex.build(Float32Array.of(1, 2, 3), { dim: 3 });
    expect((await one.search(new Float32Array(0), 5)).ids.length).toBe(0);
    expect([...(await one.search(Float32Array.of(1, 0, 0), 3)).ids]).toEqual([0, -1, -1]);
  });

  it("is built from chunks as from one piece, and refuses too few or too many rows", () => {
    const documents = normals(50 * 5, 12);
    const chunks = [documents.subarray(0, 35), documents.subarray(35, 40), documents.subarray(40)];
    const index = ExactIndex.fromChunks(50, chunks, { dim: 5, shardBytes: 1000 });
    for (const id of [0, 7, 8, 30, 49]) expect(index.vector(id)).toEqual(documents.slice(id * 5, id * 5 + 5));
    expect(() => ExactIndex.fromChunks(51, chunks, { dim: 5 })).toThrow(
      "chunks must hold 51 rows in all, got 50",
    );
    expect(() => ExactIndex.fromChunks(49, chunks, { dim: 5 })).toThrow("chunks must hold 49 rows in all");
  });

  it("answers nothing once it is closed", async () => {
    const index = ExactIndex.build(normals(20, 13), { dim: 2 });
    await index.close();
    expect(() => index.search(Float32Array.of(1, 2), 1)).toThrow(
      "the index must be open, got one that was closed",
    );
  });

  it("refuses impossible requests", () => {
    const index = ExactIndex.build(normals(20, 13), { dim: 2 });
    expect(() => index.search(Float32Array.of(1, 2, 3), 1)).toThrow(
      "ExactIndex.search: queries must hold whole rows of 2, got 3 values",
    );
    expect(() => index.search(Float32Array.of(1, 2), 0)).toThrow("k must be a positive integer, got 0");
    expect(() => index.search(Float32Array.of(1, 2), 1, { keep: [10] })).toThrow(
      "ExactIndex.search: keep must hold document ids in [0, 10), got 10",
    );
    expect(() => index.search(Float32Array.of(1, 2), 1, { excludePerQuery: [] })).toThrow(
      "excludePerQuery must have one id per query (1), got 0",
    );
    expect(() => ExactIndex.build(normals(4, 1), { dim: 2, metric: "l2" as "dot" })).toThrow(
      'ExactIndex: unknown metric "l2"; known: cosine, dot, euclidean',
    );
  });

  it("is saved and loaded with the same answers", async () => {
    const documents = normals(500 * 10, 14);
    const queries = normals(4 * 10, 15);
    const index = ExactIndex.build(documents, { dim: 10, metric: "euclidean", shardBytes: 100 * 64 });
    const file = path.join(folder, "a.index");
    expect(index.save(file)).toBe(readFileSync(file).length);
    const loaded = openIndex(file);
    expect([loaded.kind, loaded.size, loaded.dim, loaded.metric]).toEqual(["exact", 500, 10, "euclidean"]);
    expect(await loaded.search(queries, 9)).toEqual(await index.search(queries, 9));
  });
});
