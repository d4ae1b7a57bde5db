import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { Bm25Index } from "../../../lib/retrieval/lexical/bm25.js";
import { FieldedBm25Index } from "../../../lib/retrieval/lexical/fielded-bm25.js";
import { vector } from "../../support/vectors.js";

describe("Bm25Index", () => {
  it("gives 0-qdrl/bm25_lucene", () => {
    const { inputs, expected } = vector("0-qdrl/bm25_lucene");
    for (const [k1, b] of inputs.settings) {
      const index = Bm25Index.build(inputs.docs, { k1, b });
      const found = index.search(inputs.query, 3);
      const scores = [0, 0, 0];
      found.ids.forEach((id, i) => {
        scores[id] = found.scores[i]!;
      });
      expected[`k1=${k1},b=${b}`].forEach((s: number, d: number) => {
        expect(Math.abs(scores[d]! - s)).toBeLessThan(1e-5); // scores are returned in float32
      });
      expect([...found.ids]).toEqual([0, 1]);
    }
  });

  it("agrees with a slow loop over all documents, ties to the lower index", () => {
    const random = new Random(2);
    const words = Array.from({ length: 30 }, (_, i) => `w${i}`);
    const text = (n: number) => Array.from({ length: n }, () => words[Math.floor(30 * random.next() ** 2)]!);
    const documents = Array.from({ length: 200 }, () => text(random.int(12)));
    const average = documents.reduce((s, d) => s + d.length, 0) / 200;
    const index = Bm25Index.build(documents);
    for (let q = 0; q < 20; q++) {
      const query = text(1 + random.int(4));
      const slow = documents
        .map((d, id) => {
          let score = 0;
          for (const token of query) {
            const df = documents.filter((x) => x.includes(token)).length;
            const tf = d.filter((x) => x === token).length;
            score +=
              (Math.log(1 + (200 - df + 0.5) / (df + 0.5)) * tf) /
              (tf + 1.2 * (0.25 + (0.75 * d.length) / average));
          }
          return { id, score };
        })
        .filter((r) => r.score > 0)
        .sort((x, y) => (Math.abs(x.score - y.score) > 1e-12 ? y.score - x.score : x.id - y.id))
        .slice(0, 25);
      const found = index.search(query, 25);
      expect([...found.ids]).toEqual(slow.map((r) => r.id));
      slow.forEach((r, i) => {
        expect(found.scores[i]).toBeCloseTo(r.score, 5);
      });
    }
  });

  it("returns only documents that match, and nothing for unknown or no tokens", () => {
    const index = Bm25Index.build([["a"], ["b"], ["a", "b"], []]);
    expect([...index.search(["b"], 10).ids].sort()).toEqual([1, 2]);
    expect(index.search(["zebra"], 10).ids.length).toBe(0);
    expect(index.search([], 10).ids.length).toBe(0);
    expect(Bm25Index.build([]).search(["a"], 10).ids.length).toBe(0);
    expect(Bm25Index.build([[], []]).search(["a"], 10).ids.length).toBe(0);
  });

  it("counts a token as often as the query repeats it", () => {
    const index = Bm25Index.build([["a", "c"], ["b"], ["c"]]);
    const once = index.search(["a"], 1).scores[0]!;
    expect(index.search(["a", "a", "a"], 1).scores[0]).toBeCloseTo(3 * once, 5);
  });

  it("keeps nothing of one search for the next", () => {
    const index = Bm25Index.build([["a"], ["a", "b"]]);
    const first = index.search(["a", "b"], 2);
    index.search(["b"], 2);
    expect(index.search(["a", "b"], 2)).toEqual(first);
  });

  it("leaves out what filters exclude, one field and several, and scores the rest as before", () => {
    const documents = [["a"], ["a", "b"], ["b"], ["a", "a"], ["a", "c"]];
    const index = Bm25Index.build(documents);
    const fielded = FieldedBm25Index.build([{ tokens: documents, weight: 1 }]);
    const all = index.search(["a"], 5);
    const only = (ids: number[]) => ({
      ids: all.ids.filter((id) => ids.includes(id)),
      scores: all.scores.filter((_, i) => ids.includes(all.ids[i]!)),
    });
    for (const search of [index, fielded]) {
      expect(search.search(["a"], 5, { exclude: [3] })).toEqual(only([0, 1, 4]));
      expect(search.search(["a"], 5, { keep: [1, 2, 3], exclude: [1] })).toEqual(only([3]));
      expect(search.search(["a"], 5, { keep: [] }).ids.length).toBe(0);
      expect(() => search.search(["a"], 5, { exclude: [5] })).toThrow(
        "exclude must hold document ids in [0, 5), got 5",
      );
      expect(search.search(["a"], 5)).toEqual(all);
    }
    const { ids } = index.searchAll([["a"], ["b"]], 2, { exclude: [0], excludePerQuery: [3, -1] });
    expect([...ids]).toEqual([...only([1, 4]).ids, 2, 1]);
    expect(() => index.searchAll([["a"]], 2, { excludePerQuery: [] })).toThrow(
      "Bm25Index.searchAll: excludePerQuery must have one id per query (1), got 0",
    );
  });

  it("refuses parameters out of range", () => {
    expect(() => Bm25Index.build([], { k1: -1 })).toThrow("Bm25Index.build: k1 must be ≥ 0, got -1");
    expect(() => Bm25Index.build([], { b: 2 })).toThrow("Bm25Index.build: b must be in [0, 1], got 2");
    expect(() => Bm25Index.build([["a"]]).search(["a"], 0)).toThrow("k must be a positive integer, got 0");
  });
});
