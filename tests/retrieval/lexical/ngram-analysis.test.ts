import { describe, expect, it } from "vitest";
import { Bm25Index } from "../../../lib/retrieval/lexical/bm25.js";
import { ngramAnalyzer } from "../../../lib/retrieval/lexical/ngram-analysis.js";

describe("ngramAnalyzer", () => {
  it("gives the n-grams of each bounded word, and the word itself once", () => {
    const analyze = ngramAnalyzer({ minLength: 3, maxLength: 4, words: true });
    expect(analyze("shoe a")).toEqual([
      ...["<sh", "sho", "hoe", "oe>", "<sho", "shoe", "hoe>", "<shoe>"],
      "<a>", // a 3-gram already
    ]);
    expect(analyze("  ")).toEqual([]);
    expect(ngramAnalyzer({ minLength: 3, maxLength: 3, words: false })("shoe")).toHaveLength(4);
    expect(() => ngramAnalyzer({ minLength: 4, maxLength: 3, words: true })).toThrow(
      "ngramAnalyzer: lengths must be integers with 1 ≤ min ≤ max, got 4 and 3",
    );
  });

  it("lets BM25 find what a misspelled word means", () => {
    const documents = ["white wardrobe", "garden hose", "warm robe"];
    const analyze = ngramAnalyzer({ minLength: 3, maxLength: 3, words: true });
    const index = Bm25Index.build(documents.map(analyze));
    expect(Array.from(index.search(analyze("wadrobe"), 3).ids)[0]).toBe(0);
    expect(
      Array.from(Bm25Index.build(documents.map((d) => d.split(" "))).search(["wadrobe"], 3).ids),
    ).toEqual([]);
  });
});
