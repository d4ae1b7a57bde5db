import { cleanPhrase } from "./clean-phrase.js";
import { cleanUnicode, unicodeTokens } from "./unicode-words.js";

/** How texts of a data set become words; the same for encoders, BM25 and dictionaries. */
export interface TextCleaning {
  readonly name: CleaningName;
  /** Idempotent. What typos are put into, and what character n-grams are cut from. */
  clean(text: string): string;
  /** A cleaned text as its tokens with single spaces between. */
  segment(cleaned: string): string;
}

export const cleaningNames = ["published", "unicode"] as const;
export type CleaningName = (typeof cleaningNames)[number];

const cleanings: Readonly<Record<CleaningName, TextCleaning>> = {
  published: { name: "published", clean: cleanPhrase, segment: (cleaned) => cleaned },
  unicode: {
    name: "unicode",
    clean: cleanUnicode,
    segment: (cleaned) => unicodeTokens(cleaned).join(" "),
  },
};

/**
 * The cleaning of that name: `published` is the thesis' ({@link cleanPhrase}: a–z and 0–9, everything else deleted), `unicode`
 * takes any language ({@link cleanUnicode}).
 */
export function cleaningOf(name: CleaningName): TextCleaning {
  return cleanings[name];
}

/** What is done to a text that a system reads as it is written. */
export const asWritten = (text: string): string => text;
