import { describe, expect, it } from "vitest";
import { UserError } from "../../lib/files/user-error.js";
import { SubwordVectorizer, type SubwordVectorizerOptions } from "../../lib/tokenizer/subword-vectorizer.js";

const options = (change: Partial<SubwordVectorizerOptions> = {}): SubwordVectorizerOptions => ({
  dictionary: new Map([
    ["red", 1],
    ["shoe", 2],
  ]),
  numOovTokens: 10,
  wordsLimit: 3,
  minLength: 3,
  maxLength: 3,
  buckets: 5000,
  ngramsLimit: 8,
  ...change,
});

describe("SubwordVectorizer", () => {
  it("puts each word before the n-grams of the bounded word, padding last", () => {
    const vectorizer = new SubwordVectorizer(options());
    const ids = [...vectorizer.vectorize("red shoe")];
    const [red, shoe] = [vectorizer.ngramIds("red"), vectorizer.ngramIds("shoe")];
    expect([red.length, shoe.length]).toEqual([3, 4]); // <re red ed> and <sh sho hoe oe>
    expect(ids).toEqual([1, ...red, 2, ...shoe, 0, 0]);
    expect(vectorizer.length).toBe(11);
    expect(vectorizer.rows).toBe(2 + 10 + 5000);
    for (const id of [...red, ...shoe]) expect(id).toBeGreaterThanOrEqual(12);
    for (const id of [...red, ...shoe]) expect(id).toBeLessThan(vectorizer.rows);
  });

  it("says where its n-grams begin, so that words can be told apart, and nothing where there are no words or no n-grams", () => {
    expect(new SubwordVectorizer(options()).words).toEqual({ firstNgram: 12, wordsLimit: 3 });
    expect(new SubwordVectorizer(options({ wordsLimit: 0 })).words).toBeNull();
    expect(new SubwordVectorizer(options({ ngramsLimit: 0 })).words).toBeNull();
  });

  it("counts n-grams of every length: a bounded word of L + 2 characters has L + 3 − n of each", () => {
    const vectorizer = new SubwordVectorizer(options({ minLength: 2, maxLength: 4 }));
    expect(vectorizer.ngramIds("shoe")).toHaveLength(5 + 4 + 3);
    expect(vectorizer.ngramIds("a")).toHaveLength(2 + 1);
  });

  it("gives the same n-gram the same id in every word, and bounds words", () => {
    const vectorizer = new SubwordVectorizer(options());
    const [start, sho, hoe, end] = vectorizer.ngramIds("shoe");
    expect([...vectorizer.ngramIds("ashoes")]).toEqual(expect.arrayContaining([sho, hoe]));
    expect([...vectorizer.ngramIds("ashoes")]).not.toContain(start);
    expect([...vectorizer.ngramIds("toe")]).toContain(end);
  });

  it("shares most ids between a word and its misspelling, which have no word id in common", () => {
    const vectorizer = new SubwordVectorizer(options({ minLength: 2, maxLength: 4 }));
    const right = new Set(vectorizer.ngramIds("wardrobe"));
    const shared = [...vectorizer.ngramIds("wadrobe")].filter((id) => right.has(id));
    expect(shared.length).toBeGreaterThanOrEqual(14);
    expect(vectorizer.wordId("wardrobe")).not.toBe(vectorizer.wordId("wadrobe"));
  });

  it("cuts words and n-grams at their limits, either going on without the other, skips doubled spaces and leaves an empty text empty", () => {
    const vectorizer = new SubwordVectorizer(options({ wordsLimit: 1, ngramsLimit: 2 }));
    expect([...vectorizer.vectorize("red  shoe")]).toEqual([1, ...vectorizer.ngramIds("red").slice(0, 2)]);
    expect([...vectorizer.vectorize("")]).toEqual([0, 0, 0]);
    const fewNgrams = new SubwordVectorizer(options({ wordsLimit: 3, ngramsLimit: 4 }));
    const [red, shoe] = [fewNgrams.ngramIds("red"), fewNgrams.ngramIds("shoe")];
    expect([...fewNgrams.vectorize("red shoe red shoe")]).toEqual([1, ...red, 2, shoe[0], 1]);
    const fewWords = new SubwordVectorizer(options({ wordsLimit: 1, ngramsLimit: 8 }));
    expect([...fewWords.vectorize("red shoe red")]).toEqual([1, ...red, ...shoe, red[0]]);
    const ngramsOnly = new SubwordVectorizer(options({ wordsLimit: 0 }));
    expect(ngramsOnly.vectorize("red")[0]).toBe(ngramsOnly.ngramIds("red")[0]);
  });

  it("overwrites what stood in the output before", () => {
    const vectorizer = new SubwordVectorizer(options());
    const out = new Int32Array(2 + vectorizer.length).fill(-7);
    vectorizer.vectorizeInto("red", out, 2);
    expect([...out.slice(0, 2)]).toEqual([-7, -7]);
    expect([...out.slice(2)]).toEqual([...vectorizer.vectorize("red")]);
  });

  it("spreads n-grams evenly: 26³ trigrams over 1,000 buckets leave none empty and none with over three times its share", () => {
    const vectorizer = new SubwordVectorizer(options({ buckets: 1000 }));
    const counts = new Map<number, number>();
    const letters = "abcdefghijklmnopqrstuvwxyz";
    for (const a of letters)
      for (const b of letters)
        for (const c of letters) {
          const id = vectorizer.ngramIds(a + b + c)[1]!; // of <abc>: <ab, abc, bc>
          counts.set(id, (counts.get(id) ?? 0) + 1);
        }
    expect(counts.size).toBe(1000);
    expect(Math.max(...counts.values())).toBeLessThan((3 * 26 ** 3) / 1000);
  });

  it("refuses settings that make no sense", () => {
    for (const [change, message] of [
      [{ minLength: 4 }, "SubwordVectorizer: lengths must be integers with 1 ≤ min ≤ max, got 4 and 3"],
      [{ buckets: 0 }, "SubwordVectorizer: buckets must be an integer in [1, 2^30], got 0"],
      [
        { wordsLimit: 0, ngramsLimit: 0 },
        "SubwordVectorizer: wordsLimit or ngramsLimit must be above 0, got 0 and 0",
      ],
      [{ ngramsLimit: -1 }, "SubwordVectorizer: ngramsLimit must be an integer ≥ 0, got -1"],
      [{ numOovTokens: 1 }, "SubwordVectorizer: numOovTokens must be an integer in [2, 2^30], got 1"],
    ] as const)
      expect(() => new SubwordVectorizer(options(change))).toThrow(new UserError(message));
  });
});
