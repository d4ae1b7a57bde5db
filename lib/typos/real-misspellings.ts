import { UserError } from "../files/user-error.js";
import { lettersOf } from "../tokenizer/unicode-words.js";
import type { TypoModel } from "./typo-model.js";
import { wordTypos } from "./word-typos.js";

/** Misspellings by the word that was meant; see {@link misspellingTable}. */
export type MisspellingTable = ReadonlyMap<string, readonly string[]>;

/**
 * Turns (misspelling, corrections) records into a table from word to misspellings, both cleaned by `clean`. Pairs that
 * cleaning makes equal, or that are more than one word on either side, are left out; each list is sorted.
 */
export function misspellingTable(
  records: readonly { misspelling: string; corrections: readonly string[] }[],
  clean: (text: string) => string,
): MisspellingTable {
  const table = new Map<string, Set<string>>();
  for (const { misspelling, corrections } of records) {
    const wrong = clean(misspelling);
    if (wrong === "" || wrong.includes(" ")) continue;
    for (const correction of corrections) {
      const right = clean(correction);
      if (right === "" || right === wrong || right.includes(" ")) continue;
      let found = table.get(right);
      if (!found) {
        found = new Set();
        table.set(right, found);
      }
      found.add(wrong);
    }
  }
  return new Map([...table].map(([word, wrong]) => [word, [...wrong].sort()]));
}

/**
 * Words replaced by a misspelling that people really made of them, drawn evenly from the table. Words that the table
 * does not have stay right; {@link misspellableShare} says how many those are.
 *
 * @throws RangeError if the table is empty
 */
export function realMisspellings(table: MisspellingTable): TypoModel {
  if (table.size === 0) throw new UserError("realMisspellings: the table must hold a misspelling, got none");
  return wordTypos("real", (letters, random) => {
    const word = letters.join("");
    const wrong = table.get(word);
    return wrong === undefined ? word : wrong[random.below(wrong.length)]!;
  });
}

/** Share of the words of some texts that a table can misspell, in [0, 1]; 0 without words. */
export function misspellableShare(table: MisspellingTable, texts: readonly string[]): number {
  let words = 0;
  let known = 0;
  for (const text of texts)
    for (const word of text.split(" ")) {
      if (lettersOf(word).length < 2) continue;
      words++;
      if (table.has(word)) known++;
    }
  return words === 0 ? 0 : known / words;
}
