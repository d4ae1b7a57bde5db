import { describe, expect, it } from "vitest";
import { cleanPhrase } from "../../lib/tokenizer/clean-phrase.js";
import { vector } from "../support/vectors.js";

describe("cleanPhrase", () => {
  it("gives the 32 published cases", () => {
    const { inputs, expected } = vector("0-qdrl/clean_phrase");
    expect(inputs.texts.map(cleanPhrase)).toEqual(expected);
  });

  it("is idempotent, and agrees with the rule spelled out step by step on every Basic Multilingual Plane character", () => {
    const slow = (text: string) =>
      [...text.replace(/ł/g, "l").replace(/Ł/g, "L").normalize("NFKD").toLowerCase()]
        .filter((c) => "abcdefghijklmnopqrstuvwxyz0123456789 ".includes(c))
        .join("")
        .replace(/^ +| +$/g, "");
    for (let code = 0; code < 0xd800; code += 7) {
      const text = `Ab ${String.fromCharCode(code)}x`;
      const cleaned = cleanPhrase(text);
      expect(cleaned).toBe(slow(text));
      expect(cleanPhrase(cleaned)).toBe(cleaned);
    }
  });

  it("keeps inner double spaces and trims the ends of otherwise clean text", () => {
    expect(cleanPhrase(" a  b ")).toBe("a  b");
    expect(cleanPhrase("   ")).toBe("");
  });
});
