import type { WordCuts } from "../engine/tables/distinct-words.js";
import type { TextCleaning } from "./text-cleaning.js";

export type { WordCuts };

/** Turns a cleaned text into a fixed number of ids; id 0 is padding. */
export interface TextVectorizer {
  /** What makes the cleaned texts that it takes. */
  readonly cleaning: TextCleaning;
  /** Ids per text. */
  readonly length: number;
  /** Rows the embedding table needs: the largest id is at most rows − 1. */
  readonly rows: number;
  /** Where each word is followed by ids of its own, so that a batch's words can be pooled once each; else left out. */
  readonly words?: WordCuts | null;
  /** Writes `length` ids of `cleaned` to `out` from `offset` on; every place is written. */
  vectorizeInto(cleaned: string, out: Int32Array, offset: number): void;
}

/** The ids of one text as a new array. */
export function vectorizeText(vectorizer: TextVectorizer, cleaned: string): Int32Array {
  const ids = new Int32Array(vectorizer.length);
  vectorizer.vectorizeInto(cleaned, ids, 0);
  return ids;
}
