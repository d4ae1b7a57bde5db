import { UserError } from "../files/user-error.js";
import type { TypoModel } from "./typo-model.js";
import { wordTypos } from "./word-typos.js";

/** Rows of letter keys, top to bottom. */
const LAYOUTS = {
  qwerty: ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
  qwertz: ["qwertzuiop", "asdfghjkl", "yxcvbnm"],
  azerty: ["azertyuiop", "qsdfghjklm", "wxcvbn"],
  // letters sit as on QWERTY; its own slip, a forgotten Alt ("zolw" for "żółw"), is what cleaning does to every text
  "polish-programmers": ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
} as const;

/** How far each row lies to the right of the one above the letters, in key widths. */
const SHIFTS = [0, 0.25, 0.75];
/** Keys nearer than this, in key widths, can be hit by mistake: the two beside, and those touching above and below. */
const REACH = 1.3;

export type KeyboardLayout = keyof typeof LAYOUTS;

export const keyboardLayouts = Object.keys(LAYOUTS) as KeyboardLayout[];

/** Letters that a finger may hit instead of each letter on a full-size keyboard, in alphabetical order. */
export function keyNeighbours(layout: KeyboardLayout): Readonly<Record<string, string>> {
  const rows = LAYOUTS[layout];
  if (rows === undefined)
    throw new UserError(`unknown keyboard layout "${layout}"; known: ${keyboardLayouts.join(", ")}`);
  return adjacentKeys(rows);
}

/** A letter key and where it lies, in key widths. */
interface Key {
  letter: string;
  x: number;
  y: number;
}

/**
 * Letter keys of a keyboard, row after row; a space stands for a key without a letter.
 *
 * @param rows top to bottom, shifted against each other as on a full-size keyboard
 */
export function keysOf(rows: readonly string[]): Key[] {
  return rows.flatMap((row, y) =>
    [...row].flatMap((letter, x) => (letter === " " ? [] : [{ letter, x: x + SHIFTS[y]!, y }])),
  );
}

/** Letters on the keys around each letter's, in alphabetical order. */
export function adjacentKeys(rows: readonly string[]): Record<string, string> {
  const keys = keysOf(rows);
  const neighbours: Record<string, string> = {};
  for (const key of keys)
    neighbours[key.letter] = keys
      .filter((other) => other !== key && Math.hypot(other.x - key.x, other.y - key.y) < REACH)
      .map((other) => other.letter)
      .sort()
      .join("");
  return neighbours;
}

/**
 * One letter replaced by a key beside it on a full-size keyboard. Unlike the thesis' smartphone table there are no
 * repeated neighbours and no letter is its own, so every slip changes the word. Words without a letter of the layout stay.
 */
export function keyboardTypos(layout: KeyboardLayout): TypoModel {
  const neighbours = keyNeighbours(layout);
  return wordTypos(`keyboard-${layout}`, (word, random) => {
    const places: number[] = [];
    for (let at = 0; at < word.length; at++) if (Object.hasOwn(neighbours, word[at]!)) places.push(at);
    if (places.length === 0) return word.join("");
    const at = places[random.below(places.length)]!;
    const near = neighbours[word[at]!]!;
    return [...word.slice(0, at), near[random.below(near.length)], ...word.slice(at + 1)].join("");
  });
}
