import { describe, expect, it } from "vitest";
import { nearDuplicateGroups, splitByGroup } from "../../lib/datasets/near-duplicates.js";
import { Random } from "../../lib/engine/random/random.js";
import { cleanPhrase } from "../../lib/tokenizer/clean-phrase.js";

/** Every pair compared, groups spread until nothing changes. */
function slowGroups(texts: readonly string[], threshold: number): number[] {
  const sets = texts.map((text) => new Set(cleanPhrase(text).split(" ").filter(Boolean)));
  const near = (i: number, j: number) => {
    if (cleanPhrase(texts[i]!) === cleanPhrase(texts[j]!)) return true;
    const shared = [...sets[i]!].filter((word) => sets[j]!.has(word)).length;
    return shared / (sets[i]!.size + sets[j]!.size - shared) >= threshold;
  };
  const group = texts.map((_, i) => i);
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < texts.length; i++)
      for (let j = 0; j < i; j++)
        if (group[i] !== group[j] && near(i, j)) {
          const low = Math.min(group[i]!, group[j]!);
          group[i] = low;
          group[j] = low;
          changed = true;
        }
  }
  return group;
}

describe("nearDuplicateGroups", () => {
  it("joins equal cleaned texts, other word orders and sets with four of five words in common, chains included", () => {
    const texts = [
      "The Matrix",
      "matrix, the",
      "a b c d",
      "a b c d e",
      "a b c d e f",
      "b c d e f g h",
      "!",
      "",
      "other",
    ];
    // without a letter or digit a text is only like itself; a b c d ~ a b c d e (4/5) ~ a b c d e f (5/6); b c d e f g h shares 5 of 8 with the last: on its own.
    expect(Array.from(nearDuplicateGroups(texts, 0.8))).toEqual([0, 0, 2, 2, 2, 5, 6, 7, 8]);
  });

  it("misses no pair that comparing all would find, for random texts and thresholds", () => {
    const random = new Random(21);
    for (let trial = 0; trial < 60; trial++) {
      const texts = Array.from({ length: 60 }, () =>
        Array.from({ length: random.int(9) }, () => `w${Math.floor(12 * random.next() ** 2)}`).join(" "),
      );
      const threshold = [0.4, 0.5, 0.75, 0.8, 1][trial % 5]!;
      expect(Array.from(nearDuplicateGroups(texts, threshold))).toEqual(slowGroups(texts, threshold));
    }
  });

  it("tells texts of other scripts apart, and finds those that are nearly alike", () => {
    const texts = [
      "купить красный стол",
      "КУПИТЬ красный стол!",
      "купить синий стул",
      "人工智能技术发展迅速",
      "人工智能技术发展迅速。",
      "北京是中国的首都",
      "ภาษาไทย",
      "ภาษาลาว",
      "café noir",
      "CAFE NOIR",
      "हिन्दी",
      "हिन्दू",
    ];
    expect(Array.from(nearDuplicateGroups(texts, 0.8))).toEqual([0, 0, 2, 3, 3, 5, 6, 7, 8, 8, 10, 11]);
  });

  it("refuses a threshold outside (0, 1]", () => {
    expect(() => nearDuplicateGroups(["a"], 0)).toThrow("threshold must be in (0, 1], got 0");
  });
});

describe("splitByGroup", () => {
  it("keeps groups whole and comes near the fractions, the last part taking the rest", () => {
    const groups = Array.from({ length: 2000 }, (_, i) => Math.floor(i / (1 + (i % 3))));
    const parts = splitByGroup(groups, [0.1, 0.2], new Random(1));
    const partOf = new Map<number, number>();
    groups.forEach((group, row) => {
      expect(partOf.get(group) ?? parts[row]).toBe(parts[row]);
      partOf.set(group, parts[row]!);
    });
    const count = (part: number) => parts.filter((p) => p === part).length;
    expect(Math.abs(count(0) - 200)).toBeLessThan(5); // no group has more than a few rows
    expect(Math.abs(count(1) - 400)).toBeLessThan(5);
    expect(count(2)).toBe(2000 - count(0) - count(1));
  });

  it("gives everything to the last part for fractions of 0, and is repeatable", () => {
    expect(Array.from(splitByGroup([0, 1, 2], [0, 0], new Random(1)))).toEqual([2, 2, 2]);
    const groups = Array.from({ length: 50 }, (_, i) => i);
    expect(splitByGroup(groups, [0.5], new Random(3))).toEqual(splitByGroup(groups, [0.5], new Random(3)));
    expect(splitByGroup(groups, [0.5], new Random(4))).not.toEqual(
      splitByGroup(groups, [0.5], new Random(3)),
    );
    expect(() => splitByGroup([0], [0.6, 0.6], new Random(1))).toThrow(
      "fractions must be in [0, 1] with sum at most 1",
    );
  });
});
