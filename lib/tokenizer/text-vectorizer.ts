import type { WordCuts } from "../engine/tables/distinct-words.js";
import type { TextCleaning } from "./text-cleaning.js";

export type { WordCuts };

/** An id of a text with what it stands for. */
export interface NamedToken {
  id: number;
  /** As it is read: a word, two words, the letters of an n-gram (`<` and `>` are a word's bounds), a word-piece. */
  text: string;
  kind: "word" | "bigram" | "n-gram" | "piece";
  /** Which word of the segmented text it belongs to, or begins in, from 0; empty words are not counted. */
  word: number;
}

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
  /** The ids that {@link vectorizeInto} writes, without padding and in its order, each with what it stands for. */
  tokensOf(cleaned: string): NamedToken[];
}

/** The ids of one text as a new array. */
export function vectorizeText(vectorizer: TextVectorizer, cleaned: string): Int32Array {
  const ids = new Int32Array(vectorizer.length);
  vectorizer.vectorizeInto(cleaned, ids, 0);
  return ids;
}

/** For each piece of a text its place among those that are not empty; an empty one has that of the next. */
export function wordPlaces(words: readonly string[]): number[] {
  let place = 0;
  return words.map((word) => (word === "" ? place : place++));
}
