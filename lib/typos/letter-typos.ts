import { type Letters, wordTypos } from "./word-typos.js";

const otherScript = /(?!\p{Script=Latin})\p{L}/u;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/**
 * One random letter put in at a random place, the ends included: "shoe" → "shxoe". A word in another script than Latin gets
 * one of its own characters.
 */
export const insertionTypos = wordTypos("insertion", (word, random) => {
  const at = random.below(word.length + 1);
  const letters = word.some((letter) => otherScript.test(letter)) ? word : LETTERS;
  return spliced(word, at, 0, letters[random.below(letters.length)]!);
});

/** One character typed twice: "shoe" → "shooe". */
export const doublingTypos = wordTypos("doubling", (word, random) => {
  const at = random.below(word.length);
  return spliced(word, at, 0, word[at]!);
});

/** One character left out: "shoe" → "she". One of the thesis' three kinds, on its own. */
export const deletionTypos = wordTypos("deletion", (word, random) => {
  const at = random.below(word.length);
  return spliced(word, at, 1);
});

/** Two neighbouring characters swapped: "shoe" → "sheo". One of the thesis' three kinds, on its own. */
export const transpositionTypos = wordTypos("transposition", (word, random) => {
  const left = random.below(word.length - 1);
  return spliced(word, left, 2, word[left + 1]!, word[left]!);
});

const VOWELS = "aeiou";

/** One vowel replaced by another: "shoe" → "shie". Words without a vowel stay. */
export const vowelTypos = wordTypos("vowel", (word, random) => {
  const places = positionsOf(word, (letter) => VOWELS.includes(letter));
  if (places.length === 0) return word.join("");
  const at = places[random.below(places.length)]!;
  const others = [...VOWELS].filter((vowel) => vowel !== word[at]);
  return spliced(word, at, 1, others[random.below(others.length)]!);
});

/**
 * Spellings that sound alike in English, both ways. One place in the word is respelled.
 * Only pairs in which both sides can stand for the same sound are listed.
 */
const SOUNDS_ALIKE: readonly (readonly [string, string])[] = [
  ["ph", "f"],
  ["ck", "k"],
  ["c", "k"],
  ["c", "s"],
  ["s", "z"],
  ["qu", "kw"],
  ["x", "ks"],
  ["ei", "ie"],
  ["ee", "ea"],
  ["ai", "ay"],
  ["y", "i"],
  ["ou", "ow"],
  ["gh", "g"],
  ["wh", "w"],
  ["kn", "n"],
  ["tion", "shun"],
  ["ance", "ence"],
  ["able", "ible"],
  ["er", "or"],
];

/** One spelling replaced by one that sounds alike: "phone" → "fone". Words that have none stay. */
export const phoneticTypos = wordTypos("phonetic", (letters, random) => {
  const word = letters.join("");
  const places = SOUNDS_ALIKE.flatMap(([a, b]) => [...replacements(word, a, b), ...replacements(word, b, a)]);
  return places.length === 0 ? word : places[random.below(places.length)]!;
});

/** The word with each occurrence of a spelling replaced, one at a time. */
function replacements(word: string, from: string, to: string): string[] {
  const made: string[] = [];
  for (let at = word.indexOf(from); at !== -1; at = word.indexOf(from, at + 1))
    made.push(word.slice(0, at) + to + word.slice(at + from.length));
  return made;
}

function positionsOf(word: Letters, fits: (letter: string) => boolean): number[] {
  return word.flatMap((letter, at) => (fits(letter) ? [at] : []));
}

/** The word with `count` of its characters from `at` on replaced by others. */
function spliced(word: Letters, at: number, count: number, ...others: string[]): string {
  return [...word.slice(0, at), ...others, ...word.slice(at + count)].join("");
}
