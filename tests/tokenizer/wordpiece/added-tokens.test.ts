import { describe, expect, it } from "vitest";
import { tokenizerFromJson } from "../../../lib/tokenizer/wordpiece/read-vocabulary.js";

const vocab = { "[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, query: 5 };
const json = (added: { id: number; content: string }[]) => ({
  added_tokens: added,
  normalizer: { type: "BertNormalizer", clean_text: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  model: { type: "WordPiece", vocab },
});

describe("added tokens of a tokenizer.json", () => {
  it("may repeat the vocabulary's special tokens", () => {
    const added = Object.entries(vocab).map(([content, id]) => ({ content, id }));
    expect(tokenizerFromJson(json(added.slice(0, 5))).encode("query").ids).toEqual(Int32Array.of(2, 5, 3));
  });

  it("are refused by name beyond it, rather than cut into pieces", () => {
    const added = [
      { id: 0, content: "[PAD]" },
      { id: 6, content: "@USER" },
      { id: 7, content: "<query>" },
    ];
    expect(() => tokenizerFromJson(json(added))).toThrow(
      'tokenizer.json: added tokens must be in the vocabulary under their ids, got "@USER" (6), "<query>" (7)',
    );
    expect(() => tokenizerFromJson(json([{ id: 5, content: "[PAD]" }]))).toThrow('got "[PAD]" (5)');
  });
});
