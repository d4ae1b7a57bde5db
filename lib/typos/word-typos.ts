import { lettersOf } from "../tokenizer/unicode-words.js";
import type { RandomSource } from "./random-source.js";
import { checkProbability, type TypoModel } from "./typo-model.js";

/** A word as people type it: characters with the marks on them. In ASCII that is the text itself. */
export type Letters = readonly string[];

/**
 * A typo model that misspells words one by one: each word of two or more characters with the given probability, by
 * `misspell`, which gets them one by one. Words that it returns unchanged (nothing fits) stay as they are. Joined by single
 * spaces.
 */
export function wordTypos(
  name: string,
  misspell: (letters: Letters, random: RandomSource) => string,
): TypoModel {
  return {
    name,
    apply(text, probability, random) {
      checkProbability(name, probability);
      if (probability === 0) return text;
      return text
        .split(" ")
        .map((word) => {
          const letters = lettersOf(word);
          return letters.length < 2 || random.random() >= probability ? word : misspell(letters, random);
        })
        .join(" ");
    },
  };
}
