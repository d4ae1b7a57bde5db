import { describe, expect, it } from "vitest";
import { giniCoefficient } from "../../../lib/analysis/data-doctor/examinations/popularity.js";
import { shown } from "../../../lib/analysis/data-doctor/finding.js";
import { LanguageGuesser, scriptOf } from "../../../lib/analysis/data-doctor/guess-language.js";
import { HashTable } from "../../../lib/analysis/data-doctor/hash-table.js";
import { mendText } from "../../../lib/analysis/data-doctor/mend-text.js";
import { Random } from "../../../lib/engine/random/random.js";

describe("giniCoefficient", () => {
  it("is half the mean difference of all pairs over the mean", () => {
    const random = new Random(1);
    const counts = Array.from({ length: 60 }, () => random.int(100));
    const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
    let sum = 0;
    for (const a of counts) for (const b of counts) sum += Math.abs(a - b);
    expect(giniCoefficient(counts)).toBeCloseTo(sum / counts.length / counts.length / (2 * mean), 12);
    expect(giniCoefficient([3, 3, 3])).toBe(0);
  });
});

describe("HashTable", () => {
  it("numbers keys as a Map does", () => {
    const random = new Random(2);
    const table = new HashTable();
    const map = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      const key = `key ${random.int(5000)}`;
      if (!map.has(key)) map.set(key, map.size);
      expect(table.add(key)).toBe(map.get(key));
    }
    expect(table.size).toBe(map.size);
    expect(table.find("another")).toBe(-1);
  });
});

describe("mendText", () => {
  it("puts damaged text right, once and for all, and leaves sound text alone", () => {
    const damaged = "cafÃ© &amp; bar\u0007, e\u0301t\u00e9\u200b, &#233;, \ud800x";
    expect(mendText(damaged)).toBe("café & bar, été, é, \ufffdx");
    expect(mendText(mendText(damaged))).toBe(mendText(damaged));
    for (const sound of ["rock & roll", "می\u200cخواهم", "👩\u200d👩\u200d👧", "AT&T; 5 < 6"])
      expect(mendText(sound)).toBe(sound);
  });
});

describe("LanguageGuesser", () => {
  it("knows sentences of languages that share a script", () => {
    const guesser = new LanguageGuesser();
    const sentences = {
      en: "The quick brown fox jumps over the lazy dog while the children are watching",
      de: "Der schnelle braune Fuchs springt über den faulen Hund, während die Kinder zuschauen",
      fr: "Le renard brun saute par-dessus le chien paresseux pendant que les enfants regardent",
      pl: "Szybki brązowy lis przeskakuje nad leniwym psem, a dzieci na to patrzą",
      ru: "Быстрая лиса прыгает через ленивую собаку, пока дети смотрят на неё",
      ja: "すばやい茶色の狐がのろまな犬を飛び越える",
    };
    for (const [language, text] of Object.entries(sentences))
      expect([language, guesser.guess(text)]).toEqual([language, language]);
    expect(guesser.guess("ok")).toBeNull();
  });

  it("names the script of most letters", () => {
    expect(["hello мир", "привет a", "12 34", "漢字", "カタカナ漢字漢字"].map(scriptOf)).toEqual([
      "Latin",
      "Cyrillic",
      null,
      "Han",
      "Hiragana",
    ]);
  });
});

describe("shown", () => {
  it("lets no text command a terminal", () => {
    expect(shown("a\u001b[31mb\n\u202e")).toBe("“a\\u001b[31mb\\u000a\\u202e”");
    expect(shown("x".repeat(100), 10)).toBe(`“${"x".repeat(9)}…”`);
  });
});
