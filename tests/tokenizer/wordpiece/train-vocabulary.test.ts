import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { basicWords } from "../../../lib/tokenizer/wordpiece/basic-words.js";
import { trainVocabulary } from "../../../lib/tokenizer/wordpiece/train-vocabulary.js";
import { WordPieceTokenizer } from "../../../lib/tokenizer/wordpiece/wordpiece-tokenizer.js";

/** Joins pairs by counting everything anew each time. */
function slowly(texts: string[], size: number): string[] {
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  const words = texts.flatMap((text) =>
    basicWords(text, { lowercase: true, stripAccents: null, splitChinese: true }).map((word) =>
      Array.from(word),
    ),
  );
  const tokens = [...special, ...[...new Set(words.flat())].sort()];
  const pieces = words.map((word) => word.map((c, i) => (i === 0 ? c : `##${c}`)));
  for (const token of pieces.flat()) if (!tokens.includes(token)) tokens.push(token);
  while (tokens.length < size) {
    const counts = new Map<string, number>();
    for (const word of pieces)
      for (let i = 1; i < word.length; i++) {
        const key = `${tokens.indexOf(word[i - 1]!)},${tokens.indexOf(word[i]!)}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    const order = [...counts].map(
      ([key, n]) => [...key.split(",").map(Number), n] as [number, number, number],
    );
    order.sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1]);
    const best = order[0];
    if (!best || best[2] < 2) break;
    const [left, right] = [tokens[best[0]]!, tokens[best[1]]!];
    const joined = left + right.slice(2);
    if (!tokens.includes(joined)) tokens.push(joined);
    for (const word of pieces)
      for (let i = 0; i + 1 < word.length; i++)
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, joined);
  }
  return tokens;
}

describe("trainVocabulary", () => {
  const random = new Random(3);
  const syllables = ["ka", "to", "mi", "ra", "lo", "ne", "su", "aa"];
  const texts = Array.from({ length: 60 }, () =>
    Array.from({ length: 4 }, () =>
      Array.from({ length: 1 + random.int(3) }, () => syllables[random.int(syllables.length)]).join(""),
    ).join(" "),
  );

  it("finds the pieces that recounting everything after each join finds", () => {
    expect(trainVocabulary(texts, { size: 70 })).toEqual(slowly(texts, 70));
  });

  it("leaves no word of its corpus unknown, and keeps to the size", () => {
    const vocabulary = trainVocabulary(texts, { size: 60 });
    expect(vocabulary).toHaveLength(60);
    const tokenizer = new WordPieceTokenizer(vocabulary);
    for (const text of texts) expect(tokenizer.tokenize(text)).not.toContain("[UNK]");
  });

  it("stops when no pair is frequent enough", () => {
    expect(trainVocabulary(["ab cd"], { size: 100 })).toEqual([
      ..."[PAD] [UNK] [CLS] [SEP] [MASK] a b c d ##b ##d".split(" "),
    ]);
  });

  it("leaves rare characters out beyond the alphabet's limit", () => {
    const vocabulary = trainVocabulary(["aaa aaa bbb q"], { size: 100, alphabetLimit: 2 });
    expect(vocabulary).toContain("bbb".slice(0, 1));
    expect(vocabulary.join(" ")).not.toContain("q");
  });

  it("refuses a size that characters alone exceed", () => {
    expect(() => trainVocabulary(["abc"], { size: 6 })).toThrow(/got 6/);
  });
});
