import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { createTypos } from "../../lib/typos/create-typos.js";
import { fromRandom } from "../../lib/typos/random-source.js";
import { onlyError, wordError } from "../../lib/typos/word-error.js";

describe("wordError", () => {
  it.each([
    ["shoe", "shie", "substitution", "inside"],
    ["shoe", "dhoe", "substitution", "first letter"],
    ["shoe", "shor", "substitution", "last letter"],
    ["shoe", "shoes", "insertion", "last letter"],
    ["shoe", "ashoe", "insertion", "first letter"],
    ["shoe", "shooe", "insertion", "last letter"], // doubled: the third o shows where e was
    ["shoe", "hoe", "deletion", "first letter"],
    ["shoe", "sho", "deletion", "last letter"],
    ["shoe", "sheo", "transposition", "inside"],
    ["shoe", "hsoe", "transposition", "first letter"],
    ["shoe", "shuu", "several", "inside"],
    ["phone", "fone", "several", "first letter"],
  ])("finds in %s → %s: %s, %s", (right, wrong, kind, position) => {
    expect(wordError(right, wrong)).toEqual({ kind, position, length: right.length });
  });

  it.each([
    ["insertion", "insertion"],
    ["doubling", "insertion"],
    ["deletion", "deletion"],
    ["transposition", "transposition"],
    ["keyboard-azerty", "substitution"],
    ["vowel", "substitution"],
  ])("calls what the model %s does %s", (name, kind) => {
    const model = createTypos(name);
    const random = fromRandom(new Random(11));
    for (let i = 0; i < 300; i++) {
      const wrong = model.apply("wardrobes", 1, random);
      if (wrong !== "wardrobes") expect(wordError("wardrobes", wrong).kind).toBe(kind);
    }
  });

  it("refuses words that do not differ", () => {
    expect(() => wordError("shoe", "shoe")).toThrow(RangeError);
  });
});

describe("onlyError", () => {
  it("looks at texts of which one word differs, and at no others", () => {
    expect(onlyError("red shoe", "red sho")).toEqual({
      kind: "deletion",
      position: "last letter",
      length: 4,
    });
    expect(onlyError("red shoe", "red shoe")).toBeNull();
    expect(onlyError("red shoe", "rd sho")).toBeNull();
    expect(onlyError("red shoe", "redshoe")).toBeNull();
  });
});
