import { wordTypos } from "./word-typos.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** One random letter put in at a random place, the ends included: "shoe" → "shxoe". */
export const insertionTypos = wordTypos("insertion", (word, random) => {
  const at = random.below(word.length + 1);
  return word.slice(0, at) + LETTERS[random.below(26)] + word.slice(at);
});

/** One character typed twice: "shoe" → "shooe". */
export const doublingTypos = wordTypos("doubling", (word, random) => {
  const at = random.below(word.length);
  return word.slice(0, at + 1) + word.slice(at);
});

/** One character left out: "shoe" → "she". One of the thesis' three kinds, on its own. */
export const deletionTypos = wordTypos("deletion", (word, random) => {
  const at = random.below(word.length);
  return word.slice(0, at) + word.slice(at + 1);
});

/** Two neighbouring characters swapped: "shoe" → "sheo". One of the thesis' three kinds, on its own. */
export const transpositionTypos = wordTypos("transposition", (word, random) => {
  const left = random.below(word.length - 1);
  return word.slice(0, left) + word[left + 1] + word[left] + word.slice(left + 2);
});

const VOWELS = "aeiou";

/** One vowel replaced by another: "shoe" → "shie". Words without a vowel stay. */
export const vowelTypos = wordTypos("vowel", (word, random) => {
  const places = positionsOf(word, (letter) => VOWELS.includes(letter));
  if (places.length === 0) return word;
  const at = places[random.below(places.length)]!;
  const others = [...VOWELS].filter((vowel) => vowel !== word[at]);
  return word.slice(0, at) + others[random.below(others.length)] + word.slice(at + 1);
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
export const phoneticTypos = wordTypos("phonetic", (word, random) => {
  const places = SOUNDS_ALIKE.flatMap(([a, b]) => [...replacements(word, a, b), ...replacements(word, b, a)]);
  return places.length === 0 ? word : places[random.below(places.length)]!;
});

function replacements(word: string, from: string, to: string): string[] {
  return positionsOf(word, (_, at) => word.startsWith(from, at)).map(
    (at) => word.slice(0, at) + to + word.slice(at + from.length),
  );
}

function positionsOf(word: string, fits: (letter: string, at: number) => boolean): number[] {
  const places: number[] = [];
  for (let at = 0; at < word.length; at++) if (fits(word[at]!, at)) places.push(at);
  return places;
}
