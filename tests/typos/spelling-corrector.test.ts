import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { createTypos } from "../../lib/typos/create-typos.js";
import { fromRandom } from "../../lib/typos/random-source.js";
import { SpellingCorrector, wordCounts } from "../../lib/typos/spelling-corrector.js";

const counts = wordCounts(["the godfather", "the matrix", "the terminator", "matric", "car cat", "cat", ""]);

describe("SpellingCorrector", () => {
  it("takes the nearest word, of equally near ones the most frequent, then the first in the alphabet", () => {
    const corrector = new SpellingCorrector(counts);
    expect(corrector.correct("godfathr teh matirx")).toBe("godfather the matrix");
    expect(corrector.correctWord("matri")).toBe("matric"); // matrix is as near and as frequent
    expect(corrector.correctWord("cas")).toBe("cat"); // twice in the corpus, car once
  });

  it("leaves known words, words of two letters and words far from all others", () => {
    const corrector = new SpellingCorrector(counts);
    expect(corrector.correct("matric te zzzzqq")).toBe("matric te zzzzqq");
    expect(corrector.correct("")).toBe("");
    expect(new SpellingCorrector(counts, 1).correctWord("gdfathr")).toBe("gdfathr");
    expect(corrector.correctWord("gdfathr")).toBe("godfather");
    expect(() => new SpellingCorrector(counts, 3)).toThrow(
      "SpellingCorrector: maxDistance must be 1 or 2, got 3",
    );
  });

  it("agrees with a search of all words by edit distance", () => {
    const words = [
      "shower",
      "shoes",
      "shovel",
      "show",
      "slower",
      "wardrobe",
      "warden",
      "garden",
      "lamp",
      "lamps",
    ];
    const frequency = new Map(words.map((word, i) => [word, (i * 7) % 5]));
    const corrector = new SpellingCorrector(frequency);
    const random = fromRandom(new Random(4));
    for (const model of ["insertion", "deletion", "transposition", "vowel"].map((name) => createTypos(name)))
      for (let i = 0; i < 60; i++) {
        const wrong = model.apply(words[i % words.length]!, 1, random);
        if (wrong.length <= 2 || frequency.has(wrong)) continue;
        const ranked = words
          .map((word) => ({ word, distance: editDistance(wrong, word) }))
          .sort(
            (a, b) =>
              a.distance - b.distance ||
              frequency.get(b.word)! - frequency.get(a.word)! ||
              (a.word < b.word ? -1 : 1),
          );
        expect(corrector.correctWord(wrong)).toBe(ranked[0]!.word);
      }
  });
});

/** Insertions, deletions, substitutions and swaps of neighbours, by the plain table (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 1; j <= b.length; j++) d[0]![j] = j;
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(d[i - 1]![j]! + 1, d[i]![j - 1]! + 1, d[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, d[i - 2]![j - 2]! + 1);
      d[i]![j] = best;
    }
  return d[a.length]![b.length]!;
}
