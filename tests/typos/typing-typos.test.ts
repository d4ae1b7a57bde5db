import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { cleanUnicode } from "../../lib/tokenizer/unicode-words.js";
import { createTypos, typoModelNames, usualTypoModels } from "../../lib/typos/create-typos.js";
import { fromRandom } from "../../lib/typos/random-source.js";
import { typingLanguages } from "../../lib/typos/typing-typos.js";

const samples: Record<string, string> = {
  english: "wireless keyboard",
  german: "größe tastatur schlüssel",
  french: "clavier sans fil",
  spanish: "teclado español",
  italian: "tastiera però",
  swedish: "trådlöst tangentbord",
  turkish: "kablosuz klavye ağır",
  russian: "беспроводная клавиатура",
  ukrainian: "бездротова клавіатура",
  greek: "ασύρματο πληκτρολόγιο",
  hebrew: "מקלדת אלחוטית",
  arabic: "لوحة مفاتيح",
};

/** Levenshtein distance with swaps of neighbours, by the textbook's table. */
function distance(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      table[i]![j] = Math.min(table[i - 1]![j]! + 1, table[i]![j - 1]! + 1, table[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        table[i]![j] = Math.min(table[i]![j]!, table[i - 2]![j - 2]! + 1);
    }
  return table[a.length]![b.length]!;
}

describe("typing-<language>", () => {
  for (const language of typingLanguages)
    it(`${language}: one slip a word, never of its first letter, in letters of the language`, () => {
      const model = createTypos(`typing-${language}`);
      const random = fromRandom(new Random(5));
      const text = cleanUnicode(samples[language]!);
      const kinds = new Set<number>();
      for (let i = 0; i < 200; i++) {
        const wrong = model.apply(text, 1, random);
        expect(cleanUnicode(wrong)).toBe(wrong);
        const [before, after] = [text.split(" "), wrong.split(" ")];
        expect(after).toHaveLength(before.length);
        before.forEach((word, at) => {
          expect(after[at]![0]).toBe(word[0]);
          expect(distance(word, after[at]!)).toBeLessThanOrEqual(1);
          kinds.add(after[at]!.length - word.length);
        });
      }
      expect([...kinds].sort((a, b) => a - b)).toEqual([-1, 0, 1]);
    });

  it("has slips of the keyboard's neighbours, and swaps between hands", () => {
    const seen = new Set<string>();
    const random = fromRandom(new Random(3));
    for (let i = 0; i < 2000; i++) seen.add(createTypos("typing-russian").apply("да", 1, random));
    // а lies between в, п, ы (above: к, у, е; below: м, с): it may be replaced, joined or lost
    for (const wrong of ["дп", "дв", "д"]) expect(seen).toContain(wrong);
    for (const wrong of ["дж", "дэ"]) expect(seen).not.toContain(wrong);
    const swaps = new Set<string>();
    for (let i = 0; i < 3000; i++) swaps.add(createTypos("typing-english").apply("baled", 1, random));
    expect(swaps).toContain("blaed"); // a (left) and l (right)
    expect(swaps).not.toContain("balde"); // e and d are of one hand
  });

  it("is asked for by name; of the usual kinds English alone is one", () => {
    expect(typoModelNames()).toContain("typing-greek");
    expect(usualTypoModels().filter((name) => name.startsWith("typing-"))).toEqual(["typing-english"]);
    expect(() => createTypos("typing-klingon")).toThrow(
      /unknown typo model "typing-klingon"; known: .*typing-german/,
    );
  });
});
