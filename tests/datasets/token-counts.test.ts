import { describe, expect, it } from "vitest";
import {
  countableTokens,
  mostFrequent,
  numberByFrequency,
  TokenCounts,
} from "../../lib/datasets/token-counts.js";

describe("TokenCounts", () => {
  it("counts, keeps the top of each kind and numbers from 1, ties by code units", () => {
    const counts = new TokenCounts({ unigrams: 3, bigrams: 1, trigrams: 0 });
    for (const text of ["b a", "a c", "d"]) counts.add(text);
    counts.add("b a", 2);
    // Words: a 4, b 3, c 1, d 1; bigrams: "b a" 3, "a c" 1.
    expect(counts.entries()).toEqual([
      { key: "a", id: 1, count: 4 },
      { key: "b", id: 2, count: 3 },
      { key: "c", id: 3, count: 1 },
      { key: "b a", id: 4, count: 3 },
    ]);
  });

  it("does not depend on the order of the texts", () => {
    const texts = ["red shoe", "shoe box", "red box", "a", "shoe"];
    const entries = (list: string[]) => {
      const counts = new TokenCounts({ unigrams: 9, bigrams: 9, trigrams: 9 });
      for (const text of list) counts.add(text);
      return counts.entries();
    };
    expect(entries([...texts].reverse())).toEqual(entries(texts));
  });

  it("gives a token of two kinds one id", () => {
    const counts = new TokenCounts({ unigrams: 9, bigrams: 9, trigrams: 9 });
    counts.add("red");
    expect(counts.entries()).toEqual([{ key: "red", id: 1, count: 1 }]);
    expect(
      numberByFrequency([
        [["x", 2]],
        [
          ["x", 9],
          ["y", 1],
        ],
      ]).map((entry) => [entry.key, entry.id]),
    ).toEqual([
      ["x", 1],
      ["y", 2],
    ]);
  });

  it("leaves empty words and what touches them out", () => {
    expect(countableTokens("a  b", "unigrams")).toEqual(["a", "b"]);
    expect(countableTokens("a  b", "bigrams")).toEqual([]);
    expect(countableTokens("a   b", "trigrams")).toEqual(["a  ", "  b"]);
    expect(countableTokens("", "unigrams")).toEqual([]);
  });

  it("takes the most frequent keys", () => {
    expect(
      mostFrequent(
        new Map([
          ["x", 1],
          ["b", 2],
          ["a", 2],
        ]),
        2,
      ),
    ).toEqual([
      ["a", 2],
      ["b", 2],
    ]);
  });
});
