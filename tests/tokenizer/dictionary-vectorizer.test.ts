import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { DictionaryVectorizer } from "../../lib/tokenizer/dictionary-vectorizer.js";
import { oovId } from "../../lib/tokenizer/oov-id.js";
import { charTrigrams, wordBigrams, wordUnigrams } from "../../lib/tokenizer/tokens.js";
import { vectors } from "../support/vectors.js";

const red = new Map([
  ["red", 1],
  ["shoe", 2],
  ["red shoe", 3],
]);

describe("DictionaryVectorizer", () => {
  for (const { name, inputs, expected } of vectors("0-qdrl/vectorise/"))
    it(`gives ${name}`, () => {
      const vectorizer = new DictionaryVectorizer({
        dictionary: new Map(Object.entries<number>(inputs.dictionary)),
        numOovTokens: inputs.num_oov_tokens,
        wordUnigramsLimit: inputs.word_unigrams_limit,
        wordBigramsLimit: inputs.word_bigrams_limit,
        charTrigramsLimit: inputs.char_trigrams_limit,
      });
      expect(Array.from(vectorizer.vectorize(inputs.text))).toEqual(expected);
      expect(vectorizer.length).toBe(expected.length);
    });

  it("agrees with token lists padded and looked up one by one, for random texts and limits", () => {
    const random = new Random(7);
    for (let trial = 0; trial < 300; trial++) {
      const letters = "ab 0é";
      let text = "";
      for (let i = random.int(14); i > 0; i--) text += letters[random.int(letters.length)];
      const limits = [random.int(5), random.int(5), 1 + random.int(6)];
      const dictionary = new Map<string, number>();
      for (const token of ["a", "ab", "a b", "aab", "b a", ""]) dictionary.set(token, dictionary.size + 1);
      const V = 2 + random.int(9);
      const vectorizer = new DictionaryVectorizer({
        dictionary,
        numOovTokens: V,
        wordUnigramsLimit: limits[0]!,
        wordBigramsLimit: limits[1]!,
        charTrigramsLimit: limits[2]!,
      });
      const words = wordUnigrams(text);
      const wanted = [words, wordBigrams(words), charTrigrams(text)].flatMap((tokens, block) =>
        Array.from({ length: limits[block]! }, (_, i) =>
          i < tokens.length ? (dictionary.get(tokens[i]!) ?? oovId(tokens[i]!, dictionary.size, V)) : 0,
        ),
      );
      expect(Array.from(vectorizer.vectorize(text)), JSON.stringify({ text, limits })).toEqual(wanted);
      expect(Math.max(...wanted)).toBeLessThan(vectorizer.rows);
    }
  });

  it("writes padding over what a reused array held, and nothing outside its place", () => {
    const options = { dictionary: red, numOovTokens: 2, wordBigramsLimit: 0, charTrigramsLimit: 0 };
    const vectorizer = new DictionaryVectorizer({ ...options, wordUnigramsLimit: 3 });
    const out = new Int32Array(5).fill(-7);
    vectorizer.vectorizeInto("shoe", out, 1);
    expect(Array.from(out)).toEqual([-7, 2, 0, 0, -7]);
  });

  it("makes empty text one hashed token, or padding alone when asked", () => {
    const options = {
      dictionary: red,
      numOovTokens: 2,
      wordUnigramsLimit: 2,
      wordBigramsLimit: 1,
      charTrigramsLimit: 1,
    };
    expect(Array.from(new DictionaryVectorizer(options).vectorize(""))).toEqual([4, 0, 0, 0]);
    expect(Array.from(new DictionaryVectorizer({ ...options, emptyText: "empty" }).vectorize(""))).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it("refuses bad limits, bucket counts and dictionaries", () => {
    const make = (change: object) => () =>
      new DictionaryVectorizer({
        dictionary: red,
        numOovTokens: 2,
        wordUnigramsLimit: 1,
        wordBigramsLimit: 0,
        charTrigramsLimit: 0,
        ...change,
      });
    expect(make({ numOovTokens: 1 })).toThrow(
      "DictionaryVectorizer: numOovTokens must be an integer in [2, 2^30], got 1",
    );
    expect(make({ wordUnigramsLimit: -1 })).toThrow("wordUnigramsLimit must be an integer ≥ 0, got -1");
    expect(make({ wordUnigramsLimit: 0 })).toThrow("at least one limit must be above 0");
    expect(make({ dictionary: new Map([["a", 0]]) })).toThrow(
      '1 to 1 without gaps (0 is padding), got 0 for "a"',
    );
    expect(
      make({
        dictionary: new Map([
          ["a", 1],
          ["b", 3],
        ]),
      }),
    ).toThrow('got 3 for "b"');
    expect(
      make({
        dictionary: new Map([
          ["a", 1],
          ["b", 1],
        ]),
      }),
    ).toThrow('ids must be unique, got 1 again for "b"');
  });
});
