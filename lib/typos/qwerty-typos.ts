import { lettersOf } from "../tokenizer/unicode-words.js";
import { qwertyNeighbours } from "./qwerty-neighbours.js";
import { checkProbability, type TypoModel } from "./typo-model.js";

/**
 * The typing errors of the thesis. Per word of two or more characters (a letter with its marks is one; a slip needs a letter of
 * the keyboard): kept when a draw exceeds `probability`, else one
 * of finger slip (½), one character removed (¼), two neighbours swapped (¼). The order of draws is part of the
 * specification; the text comes back joined by single spaces.
 *
 * @see specs: 0-qdrl section 11
 */
export const qwertyTypos: TypoModel = {
  name: "qwerty",
  apply(text, probability, random) {
    checkProbability("qwertyTypos", probability);
    if (probability === 0) return text;
    const words = text.split(" ");
    for (let i = 0; i < words.length; i++) {
      const word = typed(words[i]!);
      if (word.length < 2 || random.random() > probability) continue;
      const kind = random.random();
      if (kind < 0.5) {
        const position = random.below(word.length);
        const neighbours = qwertyNeighbours[word[position]!];
        if (neighbours !== undefined) words[i] = substitute(word, position, random.below(neighbours.length));
      } else if (kind < 0.75) {
        words[i] = removeCharacter(word, random.below(word.length));
      } else {
        words[i] = transpose(word, random.below(word.length - 1));
      }
    }
    return words.join(" ");
  },
};

/** A word as its characters: in ASCII the text itself, which costs nothing. */
type Word = string | readonly string[];

const plainAscii = /^[\x00-\x7f]*$/;

function typed(word: string): Word {
  return plainAscii.test(word) ? word : lettersOf(word);
}

/** The word with the character at `position` replaced by its `neighbour`-th neighbour; unchanged if it has none. */
export function substitute(word: Word, position: number, neighbour: number): string {
  const neighbours = qwertyNeighbours[word[position]!];
  if (neighbours === undefined) return part(word, 0);
  return part(word, 0, position) + neighbours[neighbour] + part(word, position + 1);
}

/** The word without the character at `position`. */
export function removeCharacter(word: Word, position: number): string {
  return part(word, 0, position) + part(word, position + 1);
}

/** The word with the characters at `left` and `left` + 1 swapped. */
export function transpose(word: Word, left: number): string {
  return part(word, 0, left) + word[left + 1] + word[left] + part(word, left + 2);
}

function part(word: Word, from: number, to?: number): string {
  const kept = word.slice(from, to);
  return typeof kept === "string" ? kept : kept.join("");
}
