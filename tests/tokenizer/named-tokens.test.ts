import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { DictionaryVectorizer } from "../../lib/tokenizer/dictionary-vectorizer.js";
import { HashingVectorizer } from "../../lib/tokenizer/hashing-vectorizer.js";
import { SubwordVectorizer } from "../../lib/tokenizer/subword-vectorizer.js";
import type { TextVectorizer } from "../../lib/tokenizer/text-vectorizer.js";
import { WordPieceVectorizer } from "../../lib/tokenizer/wordpiece/word-piece-vectorizer.js";
import { WordPieceTokenizer } from "../../lib/tokenizer/wordpiece/wordpiece-tokenizer.js";

const dictionary = new Map(["red", "shoe", "red shoe", "sho"].map((token, i) => [token, i + 1]));
const limits = { wordUnigramsLimit: 3, wordBigramsLimit: 2, charTrigramsLimit: 9 };
const vectorizers: Record<string, TextVectorizer> = {
  dictionary: new DictionaryVectorizer({ dictionary, numOovTokens: 50, ...limits }),
  "dictionary, empty texts as padding, unicode": new DictionaryVectorizer({
    ...{ dictionary, numOovTokens: 50, ...limits },
    ...{ emptyText: "empty", cleaning: "unicode" },
  }),
  hashing: new HashingVectorizer({ numFeatures: 90, maxLength: 3 }),
  subword: new SubwordVectorizer({
    ...{ dictionary, numOovTokens: 50, wordsLimit: 2, minLength: 2, maxLength: 4 },
    ...{ buckets: 300, ngramsLimit: 25, cleaning: "unicode" },
  }),
  "word-pieces": new WordPieceVectorizer(
    new WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "sh", "##oe", "s", "##h"]),
    4,
  ),
};

const texts = [
  "",
  "red shoe",
  "red  shoe s",
  "shoe red shoe red shoes",
  "文字 red",
  "東京タワー",
  "a😀b shoe",
];
const random = new Random(3);
for (let i = 0; i < 200; i++)
  texts.push(
    Array.from({ length: 1 + random.int(4) }, () =>
      Array.from({ length: random.int(7) }, () => "abersho"[random.int(7)]).join(""),
    ).join(" "),
  );

describe.each(Object.entries(vectorizers))("tokens named by the vectoriser: %s", (_, vectorizer) => {
  it("have the very ids, in their order, that the encoder reads", () => {
    for (const text of texts) {
      const cleaned = vectorizer.cleaning.clean(text);
      const ids = new Int32Array(vectorizer.length);
      vectorizer.vectorizeInto(cleaned, ids, 0);
      const named = vectorizer.tokensOf(cleaned);
      expect(
        named.map(({ id }) => id),
        `"${text}"`,
      ).toEqual([...ids].filter((id) => id !== 0));
    }
  });

  it("belong to words that the text has", () => {
    for (const text of texts) {
      const cleaned = vectorizer.cleaning.clean(text);
      const words = vectorizer.cleaning
        .segment(cleaned)
        .split(" ")
        .filter((word) => word !== "");
      for (const { text: token, kind, word } of vectorizer.tokensOf(cleaned)) {
        expect(word).toBeLessThan(Math.max(1, words.length));
        if (kind === "word" && token !== "") expect(words[word]).toBe(token);
        if (kind === "n-gram" && token.startsWith("<")) expect(words[word]).toMatch(token.slice(1, 2));
      }
    }
  });
});

describe("names of tokens", () => {
  it("show an n-gram's bounds, and the trigram's word where it crosses a space", () => {
    const subword = vectorizers["subword"]!.tokensOf("red");
    expect(subword.map(({ text }) => text)).toEqual([
      "red",
      "<r",
      "re",
      "ed",
      "d>",
      "<re",
      "red",
      "ed>",
      "<red",
      "red>",
    ]);
    const trigrams = vectorizers["dictionary"]!.tokensOf("red shoe").filter(({ kind }) => kind === "n-gram");
    expect(trigrams.map(({ text, word }) => `${text}:${word}`)).toEqual([
      "red:0",
      "ed :0",
      "d s:0",
      " sh:1",
      "sho:1",
      "hoe:1",
    ]);
  });
});
