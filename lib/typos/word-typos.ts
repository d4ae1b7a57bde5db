import type { RandomSource } from "./random-source.js";
import { checkProbability, type TypoModel } from "./typo-model.js";

/**
 * A typo model that misspells words one by one: each word of two or more characters with the given probability, by
 * `misspell`. Words that it returns unchanged (nothing fits) stay as they are. Joined by single spaces.
 */
export function wordTypos(name: string, misspell: (word: string, random: RandomSource) => string): TypoModel {
  return {
    name,
    apply(text, probability, random) {
      checkProbability(name, probability);
      if (probability === 0) return text;
      return text
        .split(" ")
        .map((word) => (word.length < 2 || random.random() >= probability ? word : misspell(word, random)))
        .join(" ");
    },
  };
}
