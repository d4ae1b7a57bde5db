import { UserError } from "../files/user-error.js";

export type ErrorKind = "substitution" | "insertion" | "deletion" | "transposition" | "several";
export type ErrorPosition = "first letter" | "inside" | "last letter";

/** How one word was misspelled. */
export interface WordError {
  kind: ErrorKind;
  /** Where the right word is first left. */
  position: ErrorPosition;
  /** Letters of the right word. */
  length: number;
}

/**
 * What turns a word into its misspelling. One letter more, less or other, or two neighbours swapped, has a name;
 * everything beyond is "several". An insertion after the last letter counts as "last letter", one before the first as
 * "first letter". A doubled letter is an insertion after it, as the first difference shows only there.
 *
 * @throws RangeError if the words are equal or the right one is empty
 */
export function wordError(right: string, wrong: string): WordError {
  if (right === "" || right === wrong)
    throw new UserError(
      `wordError: words must differ and the right one not be empty, got "${right}" and "${wrong}"`,
    );
  let same = 0;
  while (same < right.length && right[same] === wrong[same]) same++;
  const position = same === 0 ? "first letter" : same >= right.length - 1 ? "last letter" : "inside";
  return { kind: kindOf(right, wrong, same), position, length: right.length };
}

function kindOf(right: string, wrong: string, at: number): ErrorKind {
  const [rest, other] = [right.slice(at), wrong.slice(at)];
  if (other.slice(1) === rest) return "insertion";
  if (rest.slice(1) === other) return "deletion";
  if (rest.slice(1) === other.slice(1)) return "substitution";
  if (rest[0] === other[1] && rest[1] === other[0] && rest.slice(2) === other.slice(2))
    return "transposition";
  return "several";
}

/**
 * The error of the one word in which two texts differ; null if none or more than one does, or if they differ in their
 * number of words.
 */
export function onlyError(right: string, wrong: string): WordError | null {
  const words = right.split(" ");
  const others = wrong.split(" ");
  if (words.length !== others.length) return null;
  const changed = words.flatMap((word, i) => (word === others[i] ? [] : [i]));
  if (changed.length !== 1 || words[changed[0]!] === "") return null;
  return wordError(words[changed[0]!]!, others[changed[0]!]!);
}
