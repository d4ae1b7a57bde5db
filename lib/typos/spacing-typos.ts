import { lettersOf } from "../tokenizer/unicode-words.js";
import { checkProbability, type TypoModel } from "./typo-model.js";

/**
 * Spaces put wrong: with the given probability a word of four or more characters is split at a random inner place, or
 * (half the time, if another word follows) written together with the next: "shower gel" → "showergel", "sho wer gel".
 */
export const spacingTypos: TypoModel = {
  name: "spacing",
  apply(text, probability, random) {
    checkProbability("spacingTypos", probability);
    if (probability === 0) return text;
    const words = text.split(" ");
    let out = "";
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      const letters = lettersOf(word);
      const last = i === words.length - 1;
      if (random.random() >= probability) out += last ? word : `${word} `;
      else if (!last && random.random() < 0.5) out += word;
      else if (letters.length >= 4) {
        const at = 1 + random.below(letters.length - 1);
        out += `${letters.slice(0, at).join("")} ${letters.slice(at).join("")}${last ? "" : " "}`;
      } else out += last ? word : `${word} `;
    }
    return out;
  },
};
