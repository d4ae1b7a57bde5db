import { describe, expect, it } from "vitest";
import { comparisonKey, wordSetKey } from "../../lib/datasets/comparison-keys.js";

describe("comparison keys", () => {
  it("are the cleaned text with single spaces, or the text itself where cleaning leaves nothing", () => {
    expect(comparisonKey("Red -  Shoe!")).toBe("red shoe");
    expect(comparisonKey("собака")).toBe("собака");
  });

  it("forget the order and repetition of words, in other scripts too", () => {
    expect(wordSetKey("shoe RED shoe")).toBe(wordSetKey("red, shoe"));
    expect(wordSetKey("красная собака")).toBe(wordSetKey("собака красная"));
    expect(wordSetKey("red shoe")).not.toBe(wordSetKey("redshoe"));
  });
});
