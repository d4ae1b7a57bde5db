/** How the ids of a text lie together by words: id 1 … firstNgram − 1 begins a word, greater ids belong to the word before. */
export interface WordIds {
  firstNgram: number;
  /** Most words per text that are told apart; more of them count as one with the last. */
  wordsLimit: number;
}

/** Turns a cleaned text into a fixed number of ids; id 0 is padding. */
export interface TextVectorizer {
  /** Ids per text. */
  readonly length: number;
  /** Rows the embedding table needs: the largest id is at most rows − 1. */
  readonly rows: number;
  /** Where each word is followed by ids of its own, so that a batch's words can be pooled once each; else left out. */
  readonly words?: WordIds | null;
  /** Writes `length` ids of `cleaned` to `out` from `offset` on; every place is written. */
  vectorizeInto(cleaned: string, out: Int32Array, offset: number): void;
}

/** The ids of one text as a new array. */
export function vectorizeText(vectorizer: TextVectorizer, cleaned: string): Int32Array {
  const ids = new Int32Array(vectorizer.length);
  vectorizer.vectorizeInto(cleaned, ids, 0);
  return ids;
}
