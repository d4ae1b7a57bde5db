import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  formatVocabulary,
  tokenizerFromJson,
  tokenizerFromVocabulary,
} from "../../../lib/tokenizer/wordpiece/read-vocabulary.js";
import { padTokens } from "../../../lib/tokenizer/wordpiece/token-batch.js";
import { WordPieceTokenizer } from "../../../lib/tokenizer/wordpiece/wordpiece-tokenizer.js";
import { vector } from "../../support/vectors.js";

interface Case {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a tokenizer.json
  json: any;
  vocabulary: string[];
  singles: { text: string; ids: number[] }[];
  pairs: {
    first: string;
    second: string;
    limit: number;
    ids: number[];
    typeIds: number[];
    single: number[];
  }[];
}

const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync("tests/fixtures/transformer/tokenizer.json", "utf8"),
);

function open({ json, vocabulary }: Case): WordPieceTokenizer {
  const vocab = Object.fromEntries(vocabulary.map((token, id) => [token, id]));
  return tokenizerFromJson({ ...json, model: { ...json.model, vocab } });
}

const small = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "a", "##b", "é", "σ"];

describe("WordPieceTokenizer", () => {
  for (const each of cases)
    it(`cuts ${each.singles.length} nasty strings as Hugging Face tokenizers does (${each.name})`, () => {
      const tokenizer = open(each);
      for (const { text, ids } of each.singles)
        expect(Array.from(tokenizer.encode(text).ids), JSON.stringify(text)).toEqual(ids);
    });

  it("truncates texts and pairs as Hugging Face tokenizers does, for every limit", () => {
    const tokenizer = open(cases[0]!);
    for (const { first, second, limit, ids, typeIds, single } of cases[0]!.pairs) {
      const pair = tokenizer.encode(first, { pair: second, maxLength: limit });
      expect(Array.from(pair.ids), `${first} | ${second} | ${limit}`).toEqual(ids);
      expect(Array.from(pair.typeIds)).toEqual(typeIds);
      expect(Array.from(tokenizer.encode(first, { maxLength: limit }).ids)).toEqual(single);
    }
  });

  it("reads a vocab.txt to the same ids, and writes one that reads back", () => {
    const text = `${cases[0]!.vocabulary.join("\n")}\n`;
    const tokenizer = tokenizerFromVocabulary(text);
    for (const { text, ids } of cases[0]!.singles)
      expect(Array.from(tokenizer.encode(text).ids)).toEqual(ids);
    expect(formatVocabulary(tokenizer)).toBe(text);
  });

  it("gives unknown words one token, keeps written special tokens, and decodes pieces to words", () => {
    const tokenizer = new WordPieceTokenizer(small);
    expect(tokenizer.tokenize("Unaffable xyz ab[SEP]a")).toEqual([
      "un",
      "##aff",
      "##able",
      "[UNK]",
      "a",
      "##b",
      "[SEP]",
      "a",
    ]);
    expect(tokenizer.decode(tokenizer.encode("unaffable ab").ids)).toBe("unaffable ab");
    expect(() => tokenizer.decode([12])).toThrow(RangeError);
  });

  it("drops marks that Unicode added after version 8, where the reference keeps them (known difference)", () => {
    // U+0898, Arabic small high word al-juz, Unicode 14: tokenizers 0.19.1 makes [UNK] of the whole word
    expect(new WordPieceTokenizer(small).tokenize("a\u0898b")).toEqual(["a", "##b"]);
  });

  it("refuses vocabularies without special tokens, foreign tokenizer.json and impossible limits", () => {
    expect(() => new WordPieceTokenizer(["a"])).toThrow(/got none of \[UNK\], \[CLS\], \[SEP\], \[PAD\]/);
    expect(() => tokenizerFromJson({ normalizer: { type: "NFC" } })).toThrow(
      /must be BertNormalizer, got NFC/,
    );
    expect(() => tokenizerFromJson(null)).toThrow(RangeError);
    const tokenizer = new WordPieceTokenizer(small);
    expect(() => tokenizer.encode("a", { maxLength: 1 })).toThrow(/≥ 2, got 1/);
    expect(() => tokenizer.encode("a", { pair: "b", maxLength: 2 })).toThrow(/≥ 3, got 2/);
  });
});

describe("padTokens", () => {
  it("pads to the longest of the batch (vector pad_collator)", () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/pad_collator");
    const encodings = inputs.input_ids.map((ids: number[]) => ({
      ids: Int32Array.from(ids),
      typeIds: new Uint8Array(ids.length),
    }));
    const { ids, mask, length } = padTokens(encodings, inputs.pad_id);
    const rows = (flat: ArrayLike<number>) =>
      [0, 1].map((row) => Array.from(flat).slice(row * length, (row + 1) * length));
    expect(rows(ids)).toEqual(expected.input_ids);
    expect(rows(mask)).toEqual(expected.attention_mask);
  });
});
