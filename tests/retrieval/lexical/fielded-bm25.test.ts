import { describe, expect, it } from "vitest";
import { Bm25Index } from "../../../lib/retrieval/lexical/bm25.js";
import { FieldedBm25Index } from "../../../lib/retrieval/lexical/fielded-bm25.js";

const titles = [["red", "shoe"], ["blue", "shoe", "shoe"], ["lamp"], ["red", "lamp"]];
const texts = [["worn", "red"], ["blue"], ["light", "lamp", "red"], []];
const query = ["red", "lamp", "red", "unknown"];

describe("FieldedBm25Index", () => {
  it("sums the weighted scores of its fields, repeated words of the query counted", () => {
    const index = FieldedBm25Index.build([
      { tokens: titles, weight: 2 },
      { tokens: texts, weight: 0.5 },
    ]);
    const sums = new Map<number, number>();
    for (const [field, weight] of [
      [titles, 2],
      [texts, 0.5],
    ] as const) {
      const { ids, scores } = Bm25Index.build(field).search(query, 4);
      ids.forEach((id, i) => {
        sums.set(id, (sums.get(id) ?? 0) + weight * scores[i]!);
      });
    }
    const expected = [...sums].sort((a, b) => b[1] - a[1]);
    for (const k of [2, 4]) {
      const { ids, scores } = index.search(query, k); // twice: what a search leaves behind must be clean
      expect([...ids]).toEqual(expected.slice(0, k).map(([id]) => id));
      [...scores].forEach((score, i) => {
        expect(score).toBeCloseTo(expected[i]![1], 5); // float32
      });
    }
    expect([...index.search(["unknown"], 3).ids]).toEqual([]);
  });

  it("is plain BM25 with one field of weight 1, to the last bit", () => {
    const one = FieldedBm25Index.build([{ tokens: titles, weight: 1 }], { variant: "bm25+", k1: 0.9 });
    expect(one.search(query, 4)).toEqual(
      Bm25Index.build(titles, { variant: "bm25+", k1: 0.9 }).search(query, 4),
    );
  });

  it("refuses no fields, other numbers of documents and weights that are not positive", () => {
    expect(() => FieldedBm25Index.build([])).toThrow("fields must not be empty, got 0");
    const first = { tokens: titles, weight: 1 };
    expect(() => FieldedBm25Index.build([first, { tokens: [["a"]], weight: 1 }])).toThrow(
      "FieldedBm25Index.build: fields must have equally many documents, got 4, 1",
    );
    expect(() => FieldedBm25Index.build([{ tokens: titles, weight: 0 }])).toThrow(
      "weight must be > 0, got 0",
    );
  });
});
