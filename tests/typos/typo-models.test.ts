import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { cleanPhrase } from "../../lib/tokenizer/clean-phrase.js";
import { createTypos, usualTypoModels } from "../../lib/typos/create-typos.js";
import { keyboardLayouts, keyNeighbours } from "../../lib/typos/keyboard-typos.js";
import { fromRandom, type RandomSource } from "../../lib/typos/random-source.js";
import { misspellableShare, misspellingTable } from "../../lib/typos/real-misspellings.js";

/** Draws given in advance: below(n) and random() take the next. */
function draws(...values: number[]): RandomSource {
  const next = () => {
    const value = values.shift();
    if (value === undefined) throw new Error("no draw left");
    return value;
  };
  return { random: next, below: next };
}

const table = misspellingTable(
  [
    { misspelling: "wadrobe", corrections: ["wardrobe"] },
    { misspelling: "wardrob", corrections: ["wardrobe"] },
    { misspelling: "Café", corrections: ["coffee"] },
    { misspelling: "alot", corrections: ["a lot"] },
    { misspelling: "e-mail", corrections: ["email"] },
  ],
  cleanPhrase,
);
const all = [...usualTypoModels(), "real"].map((name) => createTypos(name, table));

describe("every typo model", () => {
  for (const model of all) {
    it(`${model.name}: leaves the text alone at probability 0, drawing nothing, and is seeded`, () => {
      expect(model.apply("red shower gel", 0, draws())).toBe("red shower gel");
      const apply = (seed: number) =>
        model.apply("wardrobe phone shower coffee table", 1, fromRandom(new Random(seed)));
      expect(apply(3)).toBe(apply(3));
      expect(() => model.apply("x", 1.5, draws())).toThrow(/probability must be in \[0, 1\], got 1\.5/);
    });

    it(`${model.name}: yields what cleaning would not change, and keeps words apart (but for spacing)`, () => {
      const random = fromRandom(new Random(1));
      for (let i = 0; i < 300; i++) {
        const wrong = model.apply("wardrobe phone 12 x of shower coffee", 0.7, random);
        expect(cleanPhrase(wrong)).toBe(wrong);
        if (model.name !== "spacing") expect(wrong.split(" ")).toHaveLength(7);
      }
    });
  }
});

describe("single models, with the draws given", () => {
  const cases: [string, string, number[], string][] = [
    ["insertion", "shoe", [0, 2, 23], "shxoe"],
    ["insertion", "shoe", [0, 4, 0], "shoea"],
    ["doubling", "shoe", [0, 2], "shooe"],
    ["deletion", "shoe", [0, 0], "hoe"],
    ["transposition", "shoe", [0, 2], "sheo"],
    ["vowel", "shoe", [0, 0, 2], "shie"],
    ["vowel", "rhythm", [0], "rhythm"],
    ["phonetic", "phone", [0, 0], "fone"],
    ["spacing", "shower gel", [0, 0.1, 0.9], "showergel"],
    ["spacing", "shower gel", [0, 0.6, 2, 0.9], "sho wer gel"],
    ["spacing", "gel", [0], "gel"],
    ["real", "wardrobe", [0, 1], "wardrob"],
    ["real", "table", [0], "table"],
    ["keyboard-qwertz", "zoo", [0, 0, 0], "goo"],
  ];
  for (const [name, word, given, expected] of cases)
    it(`${name}: ${word} → ${expected}`, () => {
      // probability 0.5: the first draw, 0 or 0.9, decides whether the word is misspelled
      expect(createTypos(name, table).apply(word, 0.5, draws(...given))).toBe(expected);
    });

  it("misspells the share of words asked for", () => {
    const random = fromRandom(new Random(8));
    const text = Array.from({ length: 4000 }, () => "wardrobe").join(" ");
    const wrong = createTypos("insertion")
      .apply(text, 0.25, random)
      .split(" ")
      .filter((word) => word !== "wardrobe");
    expect(wrong.length / 4000).toBeGreaterThan(0.23); // three standard errors are 0.02
    expect(wrong.length / 4000).toBeLessThan(0.27);
  });
});

describe("keyboards", () => {
  it("have symmetric neighbours, none of a letter with itself", () => {
    for (const layout of keyboardLayouts) {
      const neighbours = keyNeighbours(layout);
      expect(Object.keys(neighbours)).toHaveLength(26);
      for (const [letter, near] of Object.entries(neighbours)) {
        expect(near.length, `${layout} ${letter}`).toBeGreaterThanOrEqual(2);
        expect(near).not.toContain(letter);
        for (const other of near) expect(neighbours[other]).toContain(letter);
      }
    }
  });

  it("differ where their letters do", () => {
    expect(keyNeighbours("qwerty")["q"]).toBe("aw");
    expect(keyNeighbours("azerty")["a"]).toBe("qz");
    expect(keyNeighbours("qwertz")["t"]).toContain("z");
    expect(keyNeighbours("qwerty")["t"]).not.toContain("z");
  });
});

describe("real misspellings", () => {
  it("are cleaned; pairs of several words and pairs that cleaning makes equal are left out", () => {
    expect([...table]).toEqual([
      ["wardrobe", ["wadrobe", "wardrob"]],
      ["coffee", ["cafe"]],
    ]);
  });

  it("say what share of words they can misspell", () => {
    expect(misspellableShare(table, ["coffee table x", "wardrobe 1"])).toBeCloseTo(2 / 3, 12);
    expect(misspellableShare(table, [""])).toBe(0);
  });

  it("must be there, and names must be known", () => {
    expect(() => createTypos("real")).toThrow(/needs the misspellings; import them with/);
    expect(() => createTypos("insertions")).toThrow(
      /^unknown typo model "insertions"; known: qwerty, insertion, /,
    );
    expect(() => createTypos("real", new Map())).toThrow(
      "realMisspellings: the table must hold a misspelling, got none",
    );
  });
});
