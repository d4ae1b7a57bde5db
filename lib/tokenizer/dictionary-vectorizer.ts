import { UserError } from "../files/user-error.js";
import { checkDictionaryIds } from "./dictionary-ids.js";
import { checkOovCount, OovIds } from "./oov-id.js";
import { type CleaningName, cleaningOf, type TextCleaning } from "./text-cleaning.js";
import { type NamedToken, type TextVectorizer, vectorizeText, wordPlaces } from "./text-vectorizer.js";
import { charTrigrams, wordBigrams } from "./tokens.js";

export interface DictionaryVectorizerOptions {
  /** Token → id 1 … n; words, bigrams and trigrams share it. */
  dictionary: ReadonlyMap<string, number>;
  /** V ≥ 2, buckets for tokens outside the dictionary. */
  numOovTokens: number;
  /** Ids per block; 0 leaves the block out. */
  wordUnigramsLimit: number;
  wordBigramsLimit: number;
  charTrigramsLimit: number;
  /** What an empty text becomes: one hashed token, as in the original, or nothing but padding. Default "token". */
  emptyText?: "token" | "empty";
  /** Default "published". */
  cleaning?: CleaningName;
}

/**
 * Word unigrams, word bigrams and character trigrams of a cleaned text as ids: three blocks one after the other, each
 * cut or right-padded with 0 to its own limit. Unknown tokens are hashed (see {@link OovIds}).
 *
 * @throws RangeError for V < 2, negative limits, all limits 0, or dictionary ids that are not 1 … n
 * @see specs: 0-qdrl sections 5.1–5.3
 */
export class DictionaryVectorizer implements TextVectorizer {
  readonly cleaning: TextCleaning;
  readonly length: number;
  /** n + V: padding row 0, n known, V − 1 hashed. */
  readonly rows: number;
  private readonly dictionary: ReadonlyMap<string, number>;
  private readonly oov: OovIds;
  private readonly limits: readonly [number, number, number];
  private readonly emptyAsPadding: boolean;
  /** Ids of all 37³ trigrams over `a`–`z`, `0`–`9` and space, filled on first use; 0 = not asked for yet. */
  private readonly trigramIds: Int32Array;

  constructor(options: DictionaryVectorizerOptions) {
    const where = "DictionaryVectorizer";
    checkOovCount(where, "numOovTokens", options.numOovTokens);
    for (const name of ["wordUnigramsLimit", "wordBigramsLimit", "charTrigramsLimit"] as const)
      if (!Number.isInteger(options[name]) || options[name] < 0)
        throw new UserError(`${where}: ${name} must be an integer ≥ 0, got ${options[name]}`);
    this.limits = [options.wordUnigramsLimit, options.wordBigramsLimit, options.charTrigramsLimit];
    this.length = this.limits[0] + this.limits[1] + this.limits[2];
    if (this.length === 0) throw new UserError(`${where}: at least one limit must be above 0, got 0, 0, 0`);
    checkDictionaryIds(where, options.dictionary);
    this.cleaning = cleaningOf(options.cleaning ?? "published");
    this.dictionary = options.dictionary;
    this.rows = options.dictionary.size + options.numOovTokens;
    this.oov = new OovIds(options.dictionary.size, options.numOovTokens - 1);
    this.emptyAsPadding = options.emptyText === "empty";
    this.trigramIds = new Int32Array(this.limits[2] > 0 ? 37 * 37 * 37 : 0);
  }

  vectorize(cleaned: string): Int32Array {
    return vectorizeText(this, cleaned);
  }

  vectorizeInto(cleaned: string, out: Int32Array, offset: number): void {
    out.fill(0, offset, offset + this.length);
    if (cleaned === "" && this.emptyAsPadding) return;
    const [unigrams, bigrams, trigrams] = this.limits;
    this.writeWords(this.cleaning.segment(cleaned), out, offset);
    if (trigrams > 0) this.writeTrigrams(cleaned, out, offset + unigrams + bigrams);
  }

  tokensOf(cleaned: string): NamedToken[] {
    if (cleaned === "" && this.emptyAsPadding) return [];
    const [unigrams, bigrams, trigrams] = this.limits;
    const words = this.cleaning.segment(cleaned).split(" ");
    const places = wordPlaces(words);
    const letterPlaces = placesOfLetters(cleaned);
    const token = (kind: NamedToken["kind"], place: (i: number) => number) => (text: string, i: number) => ({
      ...{ id: this.id(text), text, kind },
      word: place(i),
    });
    return [
      ...words.slice(0, unigrams).map(token("word", (i) => places[i]!)),
      ...wordBigrams(words)
        .slice(0, bigrams)
        .map(token("bigram", (i) => places[i]!)),
      ...charTrigrams(cleaned)
        .slice(0, trigrams)
        .map(token("n-gram", (i) => letterPlaces[i]!)),
    ];
  }

  /** Id of one token, known or hashed. */
  id(token: string): number {
    return this.dictionary.get(token) ?? this.oov.id(token);
  }

  private writeWords(text: string, out: Int32Array, offset: number): void {
    const [unigrams, bigrams] = this.limits;
    const wanted = Math.max(unigrams, bigrams > 0 ? bigrams + 1 : 0);
    let previousStart = -1;
    let start = 0;
    for (let word = 0; word < wanted; word++) {
      const space = text.indexOf(" ", start);
      const end = space === -1 ? text.length : space;
      if (word < unigrams) out[offset + word] = this.id(text.slice(start, end));
      if (word > 0 && word <= bigrams)
        out[offset + unigrams + word - 1] = this.id(text.slice(previousStart, end));
      if (space === -1) return;
      previousStart = start;
      start = space + 1;
    }
  }

  private writeTrigrams(text: string, out: Int32Array, offset: number): void {
    if (beyondBasicPlane.test(text)) {
      charTrigrams(text)
        .slice(0, this.limits[2])
        .forEach((trigram, i) => {
          out[offset + i] = this.id(trigram);
        });
      return;
    }
    const count = Math.min(this.limits[2], text.length - 2);
    for (let i = 0; i < count; i++) {
      const a = letterCode(text.charCodeAt(i));
      const b = letterCode(text.charCodeAt(i + 1));
      const c = letterCode(text.charCodeAt(i + 2));
      if (a < 0 || b < 0 || c < 0) {
        out[offset + i] = this.id(text.slice(i, i + 3));
        continue;
      }
      const cell = (a * 37 + b) * 37 + c;
      let id = this.trigramIds[cell]!;
      if (id === 0) {
        id = this.id(text.slice(i, i + 3));
        this.trigramIds[cell] = id;
      }
      out[offset + i] = id;
    }
  }
}

/** For each character the place of its word; the space after a word counts as the next one's. */
function placesOfLetters(cleaned: string): number[] {
  const words = cleaned.split(" ");
  const places = wordPlaces(words);
  return words.flatMap((word, i) => [
    ...Array.from(word, () => places[i]!),
    Math.min(places[i]! + (word === "" ? 0 : 1), places.at(-1)!),
  ]);
}

/** Characters of two UTF-16 units. */
const beyondBasicPlane = /[\ud800-\udfff]/;

/** 0 … 36 for `a`–`z`, `0`–`9` and space, −1 for another character. */
function letterCode(code: number): number {
  if (code >= 97 && code <= 122) return code - 97;
  if (code >= 48 && code <= 57) return code - 22;
  return code === 32 ? 36 : -1;
}
