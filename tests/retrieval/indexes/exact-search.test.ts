import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { exactSearch, type SearchMetric } from "../../../lib/retrieval/indexes/exact-search.js";
import { vector } from "../../support/vectors.js";

const metrics: SearchMetric[] = ["cosine", "dot", "euclidean"];

function bySorting(documents: number[][], query: number[], k: number, metric: SearchMetric) {
  const norm = (x: number[]) => Math.max(1e-8, Math.hypot(...x));
  const dot = (x: number[], y: number[]) => x.reduce((s, v, i) => s + v * y[i]!, 0);
  const score = (d: number[]) =>
    metric === "euclidean"
      ? -norm(d.map((v, i) => v - query[i]!))
      : dot(d, query) / (metric === "cosine" ? norm(d) * norm(query) : 1);
  return documents
    .map((d, id) => ({ id, score: score(d) }))
    .sort((x, y) => y.score - x.score || x.id - y.id)
    .slice(0, k);
}

describe("exactSearch", () => {
  it("gives 0-qdrl/flat_cosine_search, with −1 beyond the pool", () => {
    const { inputs, expected } = vector("0-qdrl/flat_cosine_search");
    const { ids, scores } = exactSearch({
      documents: Float32Array.from(inputs.documents.flat()),
      dim: 2,
      queries: Float32Array.from(inputs.query),
      k: inputs.k,
    });
    expect([...ids]).toEqual(expected.ids);
    expected.scores.forEach((s: number, i: number) => {
      expect(Math.abs(scores[i]! - s)).toBeLessThan(1e-5); // float32
    });
    expect([...scores.subarray(4)]).toEqual([-Infinity, -Infinity]);
  });

  it("gives 2-dense-retrieval-course/exhaustive_search", () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/exhaustive_search");
    const { ids, scores } = exactSearch({
      documents: Float32Array.from(inputs.corpus.flat()),
      dim: 2,
      queries: Float32Array.from(inputs.query),
      k: inputs.k,
      metric: "dot",
    });
    expect([...ids].map((i) => inputs.ids[i])).toEqual(expected.ids);
    expected.scores.forEach((s: number, i: number) => {
      expect(Math.abs(scores[i]! - s)).toBeLessThan(1e-5);
    });
  });

  it.each(metrics)("ranks small-integer vectors as sorting does, ties to the lower index (%s)", (metric) => {
    // small integers make many exact ties; 1,500 documents cross a block boundary
    const random = new Random(4);
    const draw = () => [random.int(3) - 1, random.int(3) - 1, random.int(4)];
    const documents = Array.from({ length: 1500 }, draw);
    const queries = Array.from({ length: 7 }, draw);
    const { ids } = exactSearch({
      documents: Float32Array.from(documents.flat()),
      dim: 3,
      queries: Float32Array.from(queries.flat()),
      k: 40,
      metric,
    });
    queries.forEach((query, q) => {
      const expected = bySorting(documents, query, 40, metric);
      const found = [...ids.subarray(q * 40, q * 40 + 40)];
      const scoreOf = new Map(bySorting(documents, query, 1500, metric).map((r) => [r.id, r.score]));
      if (metric !== "cosine") expect(found).toEqual(expected.map((r) => r.id));
      // cosine: quotients of equal angles may differ in the last bit between the two computations
      else
        found.forEach((id, i) => {
          expect(scoreOf.get(id)).toBeCloseTo(expected[i]!.score, 12);
        });
    });
  });

  it("returns identical documents in index order", () => {
    const documents = new Float32Array(3000 * 4).map((_, i) => [0.3, -0.7, 0.11, 0.5][i % 4]!);
    const { ids } = exactSearch({ documents, dim: 4, queries: Float32Array.of(1, 2, 3, 4), k: 5 });
    expect([...ids]).toEqual([0, 1, 2, 3, 4]);
  });

  it("scores a zero vector 0", () => {
    const documents = Float32Array.of(0, 0, -1, 0);
    const { ids, scores } = exactSearch({ documents, dim: 2, queries: Float32Array.of(1, 0), k: 3 });
    expect([...ids]).toEqual([0, 1, -1]);
    expect([...scores]).toEqual([0, -1, -Infinity]);
  });

  it("handles an empty pool and no queries", () => {
    const none = new Float32Array(0);
    expect([...exactSearch({ documents: none, dim: 2, queries: Float32Array.of(1, 0), k: 2 }).ids]).toEqual([
      -1, -1,
    ]);
    expect(exactSearch({ documents: Float32Array.of(1, 0), dim: 2, queries: none, k: 2 }).ids.length).toBe(0);
  });

  it("refuses impossible sizes", () => {
    const one = Float32Array.of(1, 0);
    expect(() => exactSearch({ documents: Float32Array.of(1, 2, 3), dim: 2, queries: one, k: 1 })).toThrow(
      "exactSearch: documents must hold whole rows of 2, got 3 values",
    );
    expect(() => exactSearch({ documents: one, dim: 2, queries: one, k: 0 })).toThrow(
      "exactSearch: k must be a positive integer, got 0",
    );
    expect(() => exactSearch({ documents: one, dim: 2, queries: one, k: 1, metric: "l2" as "dot" })).toThrow(
      'exactSearch: unknown metric "l2"; known: cosine, dot, euclidean',
    );
  });
});
