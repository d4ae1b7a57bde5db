import { describe, expect, it } from "vitest";
import { digitSlice, raritySlice, scriptSlice, typoSlice } from "../../lib/analysis/finer-slices.js";
import { significantSlices, significantSlicesTable } from "../../lib/analysis/significant-slices.js";
import { Random } from "../../lib/engine/random/random.js";
import type { ComparedQuery } from "../../lib/reporting/win-loss.js";

const wordsOf = (text: string) => text.split(" ");

/** 200 queries on which a system is ahead only where the text says "rain", which lies in one slice of one division. */
function queries(effect: number): ComparedQuery[] {
  const random = new Random(7);
  return Array.from({ length: 200 }, (_, i) => {
    const wet = i % 4 === 0;
    const base = random.next() < 0.5 ? 1 : 0;
    const noise = random.next() < 0.3 ? (random.next() < 0.5 ? 1 : -1) : 0;
    return {
      id: `q${i}`,
      query: `${wet && i % 8 === 0 ? "rain" : `word${random.int(40)}`} common`,
      slices: { weather: wet ? "wet" : "dry", half: i < 100 ? "first" : "second", all: "every query" },
      a: base + (wet && i % 8 === 0 ? effect : 0) + noise,
      b: base,
    };
  });
}

describe("significant slices", () => {
  it("are those with the effect, with the words that did it", () => {
    const { tested, slices } = significantSlices(queries(2), wordsOf);
    expect(tested).toBe(4); // "every query" divides nothing
    expect(slices[0]).toMatchObject({ kind: "weather", slice: "wet", queries: 50 });
    const [wet] = slices;
    // the other word of every query counts for as much, as it stands beside each of these
    expect(wet!.words.slice(0, 2)).toContainEqual(expect.objectContaining({ word: "rain", queries: 25 }));
    const mean = (some: ComparedQuery[]) => some.reduce((sum, { a, b }) => sum + a - b, 0) / some.length;
    const all = queries(2);
    expect(wet!.elsewhere).toBeCloseTo(mean(all.filter(({ slices }) => slices["weather"] === "dry")), 12);
    expect(wet!.difference.mean).toBeCloseTo(
      mean(all.filter(({ slices }) => slices["weather"] === "wet")),
      12,
    );
    const { rows, notes } = significantSlicesTable(
      { tested, slices },
      { a: "A", b: "B", measure: "Recall@10" },
    );
    expect(rows[0]!.cells[0]).toEqual({ text: "wet", detail: "weather" });
    expect(notes![0]).toContain("Of 4 slices");
  });

  it("are none in most samples without an effect: the correction holds", () => {
    let found = 0;
    for (let sample = 0; sample < 40; sample++) {
      const random = new Random(sample);
      const some = queries(0).map((query) => ({ ...query, a: query.b + (random.int(3) - 1) }));
      if (significantSlices(some, wordsOf).slices.length > 0) found++;
    }
    expect(found).toBeLessThanOrEqual(5); // 2 expected at 0.05; P(more than 5) = 0.014
  });

  it("need ten queries", () => {
    const few = queries(2).slice(0, 24);
    const { tested, slices } = significantSlices(few, wordsOf);
    expect(tested).toBe(2);
    expect(slices.filter(({ queries }) => queries < 10)).toEqual([]);
    expect(significantSlices([], wordsOf)).toEqual({ tested: 0, slices: [] });
  });
});

describe("finer slices", () => {
  it("tell scripts, digits and rarity", () => {
    expect(["c++ 3", "привет", "東京", "123", "ひらがな"].map(scriptSlice)).toEqual([
      "Latin letters",
      "Cyrillic letters",
      "Han letters",
      "other characters",
      "Hiragana letters",
    ]);
    expect(["kung fu panda 3", "kung fu", "٣"].map(digitSlice)).toEqual([
      "with a digit",
      "without digits",
      "with a digit",
    ]);
    const frequencies: Record<string, number> = { red: 50, shoe: 3, sole: 2 };
    const rarity = (...words: string[]) => raritySlice(words, (word) => frequencies[word] ?? 0);
    expect([rarity("red"), rarity("red", "shoe"), rarity("sole"), rarity("red", "x")]).toEqual([
      "in more than 20 documents",
      "in 3 to 20 documents",
      "in 1 or 2 documents",
      "in no document",
    ]);
  });

  it("tell kinds of typing errors", () => {
    const kinds = ["red shoe", "rde shoe", "rd shoe", "redd shoe", "rwd shoe", "re d shoe", "rwd sho"];
    expect(kinds.map((typed) => typoSlice("red shoe", typed))).toEqual([
      "spelled right",
      "letters swapped",
      "letters left out",
      "letters added",
      "letters replaced",
      "spaces",
      "several kinds",
    ]);
  });
});
