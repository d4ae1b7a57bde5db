import { UserError } from "../../files/user-error.js";
import { lettersOf } from "../../tokenizer/unicode-words.js";

/**
 * A function from a cleaned text to the character n-grams of its bounded words, `<word>`, the words themselves included
 * on request: what a lexical index needs to find misspelled words. N-grams never cross a space; words are kept apart
 * from n-grams of the same letters by their bounds.
 *
 * @param options.minLength  characters of the shortest n-gram, bounds counted
 * @param options.maxLength  of the longest
 * @param options.words      whole bounded words too
 * @param options.segment    cuts what is written without spaces into the words that count as whole; default: nothing is
 * @throws RangeError unless 1 ≤ minLength ≤ maxLength, integers
 * @see McNamee & Mayfield 2004, doi:10.1023/B:INRT.0000009441.78971.be
 */
export function ngramAnalyzer(options: {
  minLength: number;
  maxLength: number;
  words: boolean;
  segment?: (cleaned: string) => string;
}): (cleaned: string) => string[] {
  const { minLength, maxLength, words, segment = (cleaned) => cleaned } = options;
  if (!Number.isInteger(minLength) || !Number.isInteger(maxLength) || minLength < 1 || maxLength < minLength)
    throw new UserError(
      `ngramAnalyzer: lengths must be integers with 1 ≤ min ≤ max, got ${minLength} and ${maxLength}`,
    );
  return (cleaned) => {
    const tokens: string[] = [];
    for (const word of cleaned.split(" ")) {
      if (word === "") continue;
      const letters = lettersOf(word);
      const bounded = ["<", ...letters, ">"];
      for (let n = minLength; n <= maxLength; n++)
        for (let i = 0; i + n <= bounded.length; i++) tokens.push(bounded.slice(i, i + n).join(""));
      if (!words) continue;
      const whole = segment(word);
      if (whole !== word) for (const part of whole.split(" ")) tokens.push(`<${part}>`);
      else if (bounded.length > maxLength) tokens.push(`<${word}>`);
    }
    return tokens;
  };
}
