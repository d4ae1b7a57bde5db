import { describe, expect, it } from "vitest";
import { charTrigrams, wordBigrams, wordUnigrams } from "../../lib/tokenizer/tokens.js";
import { vector } from "../support/vectors.js";

describe("tokens", () => {
  it("gives the published character trigrams", () => {
    const { inputs, expected } = vector("0-qdrl/char_trigrams");
    expect(inputs.texts.map(charTrigrams)).toEqual(expected);
  });

  it("splits at every single space, so empty text and double spaces give empty words", () => {
    expect(wordUnigrams("")).toEqual([""]);
    expect(wordUnigrams("red  shoe")).toEqual(["red", "", "shoe"]);
  });

  it("joins neighbouring words, empty ones included", () => {
    expect(wordBigrams(["red", "", "shoe"])).toEqual(["red ", " shoe"]);
    expect(wordBigrams(["red"])).toEqual([]);
  });
});
