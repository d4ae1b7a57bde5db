import { describe, expect, it } from "vitest";
import { keywordKey, wordSetKey } from "../../../lib/datasets/emoji/keyword-keys.js";

describe("keyword keys", () => {
  it("are the published cleaning of Latin keywords, so that data sets keep their bytes", () => {
    expect(keywordKey("Red -  Shoe!")).toBe("red shoe");
    expect(keywordKey("Kloß")).toBe(keywordKey("klo"));
  });

  it("keep whatever another script says, beside Latin letters too", () => {
    expect(keywordKey("собака")).toBe("собака");
    expect(keywordKey("sim карта")).not.toBe(keywordKey("sim ключ"));
    expect(keywordKey("手机 sim")).not.toBe(keywordKey("电话 sim"));
  });

  it("forget the order and repetition of words", () => {
    expect(wordSetKey("shoe RED shoe")).toBe(wordSetKey("red, shoe"));
    expect(wordSetKey("красная собака")).toBe(wordSetKey("собака красная"));
    expect(wordSetKey("red shoe")).not.toBe(wordSetKey("redshoe"));
  });
});
