import { describe, expect, it } from "vitest";
import { knownItemQueries } from "../../lib/datasets/known-item-queries.js";
import { Random } from "../../lib/engine/random/random.js";

const documents = Array.from({ length: 60 }, (_, i) => ({
  document_id: `d${i}`,
  document_text: `the common start, then rare${i} seldom${i % 30} word${i}`,
}));

describe("knownItemQueries", () => {
  it("asks for documents by their own words, in their order, never by words that all have", () => {
    const queries = knownItemQueries(documents, ["document_text"], new Random(1));
    expect(queries).toHaveLength(60);
    for (const { fields, grades } of queries) {
      const [id] = Object.keys(grades);
      const text = documents.find((document) => document.document_id === id)!.document_text;
      const words = fields["query_search_phrase"]!.split(" ");
      expect(words.length).toBeGreaterThanOrEqual(2);
      const places = words.map((word) => text.indexOf(word));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(Math.min(...places)).toBeGreaterThanOrEqual(text.indexOf("rare"));
    }
    expect(knownItemQueries(documents, ["document_text"], new Random(1))).toEqual(queries);
  });

  it("takes a document of one word by that word, and passes over one without words", () => {
    const few = ["lamp", "chair", "…", ""].map((text, i) => ({ document_id: `d${i}`, document_text: text }));
    const queries = knownItemQueries(few, ["document_text"], new Random(2));
    expect(queries.map(({ fields }) => fields["query_search_phrase"]).sort()).toEqual(["chair", "lamp"]);
  });

  it("refuses documents among which nothing can be searched", () => {
    const one = (texts: string[]) => () =>
      knownItemQueries(
        texts.map((text, i) => ({ document_id: `d${i}`, document_text: text })),
        ["document_text"],
        new Random(1),
      );
    expect(one(["a single document"])).toThrow(
      /must be at least two with different words to search among, got 1/,
    );
    expect(one(["same words", "words same"])).toThrow(/got 2 that do not differ/);
  });
});
