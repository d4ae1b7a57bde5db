import { UserError } from "../files/user-error.js";
import { adjacentKeys, keysOf } from "./keyboard-typos.js";
import type { RandomSource } from "./random-source.js";
import type { TypoModel } from "./typo-model.js";
import { type Letters, wordTypos } from "./word-typos.js";

/** Rows of letter keys, top to bottom, on the keyboards of languages, by what cleaning makes of them: ı is i, ς is σ. */
const LAYOUTS = {
  english: ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
  german: ["qwertzuiopü", "asdfghjklöä", "yxcvbnm"],
  french: ["azertyuiop", "qsdfghjklmù", "wxcvbn"],
  spanish: ["qwertyuiop", "asdfghjklñ", "zxcvbnm"],
  italian: ["qwertyuiopè", "asdfghjklòà", "zxcvbnm"],
  swedish: ["qwertyuiopå", "asdfghjklöä", "zxcvbnm"],
  turkish: ["qwertyuiopğü", "asdfghjklş", "zxcvbnmöç"],
  russian: ["йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"],
  ukrainian: ["йцукенгшщзхї", "фівапролджє", "ячсмитьбю"],
  greek: ["  ερτυθιοπ", "ασδφγηξκλ", "ζχψωβνμ"],
  hebrew: ["  קראטוןםפ", "שדגכעיחלךף", "זסבהנמצתץ"],
  arabic: ["ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤر ىةوزظ"],
} as const;

/** Keys further right, in key widths, are the right hand's. */
const MIDDLE = 5;

export type TypingLanguage = keyof typeof LAYOUTS;

export const typingLanguages = Object.keys(LAYOUTS) as TypingLanguage[];

/**
 * Slips of people who type a language on its own keyboard, `typing-<language>`: a letter replaced by one beside it on the
 * keyboard, one beside it put in before or after, a letter left out, or two neighbours swapped that different hands type (any two
 * where there are none such), a quarter each. The first letter, which typists rarely miss, stays. Accented letters without a key
 * of their own, and words of other scripts, lose or swap letters only.
 *
 * @see Liu et al. 2025 (MulTypo), arXiv:2510.09536, for the four operations on keyboards of languages
 */
export function typingTypos(language: TypingLanguage): TypoModel {
  const rows = LAYOUTS[language];
  if (rows === undefined)
    throw new UserError(`unknown language "${language}"; known: ${typingLanguages.join(", ")}`);
  const near = adjacentKeys(rows);
  const hands = new Map(keysOf(rows).map(({ letter, x }) => [letter, x < MIDDLE ? "left" : "right"]));
  return wordTypos(`typing-${language}`, (word, random) => {
    const kind = random.below(4);
    if (kind < 2) {
      const places = later(word, (at) => Object.hasOwn(near, word[at]!));
      if (places.length > 0) return slipped(word, pick(places, random), near, kind === 0, random);
    }
    if (kind === 3 || word.length === 2) {
      const swapped = later(word, (at) => at + 1 < word.length && word[at] !== word[at + 1]);
      const apart = swapped.filter((at) => hands.get(word[at]!) !== hands.get(word[at + 1]!));
      if (swapped.length > 0) {
        const at = pick(apart.length > 0 ? apart : swapped, random);
        return [...word.slice(0, at), word[at + 1], word[at], ...word.slice(at + 2)].join("");
      }
    }
    const at = pick(
      later(word, () => true),
      random,
    );
    return [...word.slice(0, at), ...word.slice(at + 1)].join("");
  });
}

/** Another key than that at `at`: in its place, or beside it. */
function slipped(
  word: Letters,
  at: number,
  near: Readonly<Record<string, string>>,
  replaces: boolean,
  random: RandomSource,
): string {
  const keys = near[word[at]!]!;
  const hit = keys[random.below(keys.length)]!;
  const from = replaces ? at : at + random.below(2);
  return [...word.slice(0, from), hit, ...word.slice(replaces ? at + 1 : from)].join("");
}

/** Places behind the first letter that fit. */
function later(word: Letters, fits: (at: number) => boolean): number[] {
  return word.flatMap((_, at) => (at > 0 && fits(at) ? [at] : []));
}

function pick(places: readonly number[], random: RandomSource): number {
  return places[random.below(places.length)]!;
}
