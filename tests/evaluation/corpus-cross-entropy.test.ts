import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { corpusCrossEntropy } from "../../lib/evaluation/corpus-cross-entropy.js";

beforeAll(async () => void (await selectBackend("wasm")));

describe("corpusCrossEntropy", () => {
  it("agrees with a plain softmax over all documents, query by query, several positives included", () => {
    const [dim, size, count, temperature] = [5, 40, 300, 0.2];
    const random = new Random(1);
    const normal = (n: number) => Float32Array.from({ length: n }, () => random.normal());
    const [queries, documents] = [normal(count * dim), normal(size * dim)];
    const sets = Array.from(
      { length: count },
      (_, q) => new Set(q % 3 === 0 ? [q % size, (q + 7) % size] : [q % size]),
    );
    const got = corpusCrossEntropy({ queries, documents, dim }, (q) => sets[q]!, temperature);
    const row = (all: Float32Array, i: number) => all.subarray(i * dim, (i + 1) * dim);
    const length = (x: Float32Array) => Math.hypot(...x);
    for (let q = 0; q < count; q++) {
      const scores = Array.from({ length: size }, (_, d) => {
        const [a, b] = [row(queries, q), row(documents, d)];
        return a.reduce((sum, x, i) => sum + x * b[i]!, 0) / length(a) / length(b) / temperature;
      });
      const positives = sets[q]!;
      const expected = [...positives].map((p) => {
        const others = scores.filter((_, d) => d === p || !positives.has(d));
        return -Math.log(Math.exp(scores[p]!) / others.reduce((sum, s) => sum + Math.exp(s), 0));
      });
      // cosines are computed in float32
      expect(got[q]).toBeCloseTo(expected.reduce((a, b) => a + b) / expected.length, 4);
    }
  });

  it("is the log of the corpus' size when all documents look alike", () => {
    const documents = new Float32Array(6 * 2).fill(1);
    const [value] = corpusCrossEntropy(
      { queries: Float32Array.from([1, 0]), documents, dim: 2 },
      () => new Set([3]),
      0.1,
    );
    expect(value).toBeCloseTo(Math.log(6), 6);
  });

  it("refuses a query without a positive, and a temperature of 0", () => {
    const embeddings = { queries: new Float32Array(2), documents: new Float32Array(4), dim: 2 };
    expect(() => corpusCrossEntropy(embeddings, () => new Set(), 0.1)).toThrow(
      "a query must have a positive, got none of query 0",
    );
    expect(() => corpusCrossEntropy(embeddings, () => new Set([0]), 0)).toThrow(
      "temperature must be > 0, got 0",
    );
  });
});
