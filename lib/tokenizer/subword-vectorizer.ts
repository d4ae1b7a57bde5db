import { UserError } from "../files/user-error.js";
import { checkDictionaryIds } from "./dictionary-ids.js";
import { checkOovCount, OovIds } from "./oov-id.js";
import { type CleaningName, cleaningOf, type TextCleaning } from "./text-cleaning.js";
import { type NamedToken, type TextVectorizer, vectorizeText, type WordCuts } from "./text-vectorizer.js";

export interface SubwordVectorizerOptions {
  /** Word → id 1 … n; empty = all words are hashed. Entries that are no words (bigrams, trigrams) just stay unused. */
  dictionary: ReadonlyMap<string, number>;
  /** V ≥ 2, buckets for words outside the dictionary. */
  numOovTokens: number;
  /** Words kept per text; 0 leaves the words out. */
  wordsLimit: number;
  /** Shortest and longest character n-gram of a bounded word, 1 ≤ min ≤ max. */
  minLength: number;
  maxLength: number;
  /** Buckets that n-grams are hashed to. */
  buckets: number;
  /** N-grams kept per text, in the order of the words. */
  ngramsLimit: number;
  /** Default "published". */
  cleaning?: CleaningName;
}

/** Words whose n-gram ids are kept; a full table is emptied. */
const CACHED_WORDS = 500_000;

/**
 * Words and the character n-grams of each bounded word, as fastText has them: the word "shoe" is read as `<shoe>`, its
 * 3-grams are `<sh`, `sho`, `hoe`, `oe>`. N-grams never cross a space, and the same n-gram has the same id wherever it
 * stands, so a misspelled word shares most of its ids with the right one.
 *
 * Ids: words 1 … n + V − 1 as in DictionaryVectorizer, then n-grams n + V … n + V + buckets − 1, by the 32-bit
 * FNV-1a hash of their UTF-16 units and length, modulo `buckets`. A word's n-grams are computed once and kept.
 * Each word's id is followed by those of its n-grams, so that equal words look alike wherever they stand; where a limit is
 * reached, only the other kind goes on. Padding is last, so that short texts can be cut short.
 *
 * @throws RangeError for limits, lengths or buckets out of range
 * @see Bojanowski et al. 2017, arXiv:1607.04606
 */
export class SubwordVectorizer implements TextVectorizer {
  readonly cleaning: TextCleaning;
  readonly length: number;
  readonly rows: number;
  readonly words: WordCuts | null;
  private readonly oov: OovIds;
  private readonly ngrams = new Map<string, Int32Array>();

  constructor(private readonly options: SubwordVectorizerOptions) {
    const where = "SubwordVectorizer";
    checkOovCount(where, "numOovTokens", options.numOovTokens);
    const { wordsLimit, ngramsLimit, minLength, maxLength, buckets, dictionary } = options;
    for (const [name, value] of Object.entries({ wordsLimit, ngramsLimit }))
      if (!Number.isInteger(value) || value < 0)
        throw new UserError(`${where}: ${name} must be an integer ≥ 0, got ${value}`);
    if (wordsLimit + ngramsLimit === 0)
      throw new UserError(`${where}: wordsLimit or ngramsLimit must be above 0, got 0 and 0`);
    if (
      !Number.isInteger(minLength) ||
      !Number.isInteger(maxLength) ||
      minLength < 1 ||
      maxLength < minLength
    )
      throw new UserError(
        `${where}: lengths must be integers with 1 ≤ min ≤ max, got ${minLength} and ${maxLength}`,
      );
    if (!Number.isInteger(buckets) || buckets < 1 || buckets > 2 ** 30)
      throw new UserError(`${where}: buckets must be an integer in [1, 2^30], got ${buckets}`);
    if (dictionary.size > 0) checkDictionaryIds(where, dictionary);
    this.cleaning = cleaningOf(options.cleaning ?? "published");
    this.length = wordsLimit + ngramsLimit;
    this.rows = dictionary.size + options.numOovTokens + buckets;
    const firstNgram = dictionary.size + options.numOovTokens;
    this.words = wordsLimit > 0 && ngramsLimit > 0 ? { firstNgram, wordsLimit } : null;
    this.oov = new OovIds(dictionary.size, options.numOovTokens - 1);
  }

  vectorize(cleaned: string): Int32Array {
    return vectorizeText(this, cleaned);
  }

  vectorizeInto(cleaned: string, out: Int32Array, offset: number): void {
    const { wordsLimit, ngramsLimit } = this.options;
    out.fill(0, offset, offset + this.length);
    let wordsLeft = wordsLimit;
    let ngramsLeft = ngramsLimit;
    let at = offset;
    for (const word of this.cleaning.segment(cleaned).split(" ")) {
      if (word === "") continue;
      if (wordsLeft === 0 && ngramsLeft === 0) break;
      if (wordsLeft > 0) {
        out[at++] = this.wordId(word);
        wordsLeft--;
      }
      if (ngramsLeft === 0) continue;
      const ids = this.ngramIds(word);
      const kept = Math.min(ids.length, ngramsLeft);
      for (let i = 0; i < kept; i++) out[at++] = ids[i]!;
      ngramsLeft -= kept;
    }
  }

  tokensOf(cleaned: string): NamedToken[] {
    const { minLength, maxLength, wordsLimit, ngramsLimit } = this.options;
    let wordsLeft = wordsLimit;
    let ngramsLeft = ngramsLimit;
    const tokens: NamedToken[] = [];
    let position = 0;
    for (const word of this.cleaning.segment(cleaned).split(" ")) {
      if (word === "") continue;
      const at = position++;
      if (wordsLeft-- > 0) tokens.push({ id: this.wordId(word), text: word, kind: "word", word: at });
      const ids = this.ngramIds(word);
      const bounded = `<${word}>`;
      let i = 0;
      for (let n = minLength; n <= maxLength; n++)
        for (let from = 0; from + n <= bounded.length; from++, i++)
          if (ngramsLeft-- > 0)
            tokens.push({ id: ids[i]!, text: bounded.slice(from, from + n), kind: "n-gram", word: at });
    }
    return tokens;
  }

  /** Id of a word, known or hashed. */
  wordId(word: string): number {
    return this.options.dictionary.get(word) ?? this.oov.id(word);
  }

  /** Ids of the n-grams of `<word>`, shortest first. The array is shared; do not change it. */
  ngramIds(word: string): Int32Array {
    const known = this.ngrams.get(word);
    if (known !== undefined) return known;
    const ids = this.hashNgrams(`<${word}>`);
    if (this.ngrams.size >= CACHED_WORDS) this.ngrams.clear();
    this.ngrams.set(word, ids);
    return ids;
  }

  private hashNgrams(bounded: string): Int32Array {
    const { dictionary, numOovTokens, minLength, maxLength, buckets } = this.options;
    const first = dictionary.size + numOovTokens;
    const ids: number[] = [];
    for (let n = minLength; n <= maxLength; n++)
      for (let i = 0; i + n <= bounded.length; i++) {
        let hash = 0x811c9dc5 ^ n;
        for (let j = i; j < i + n; j++) hash = Math.imul(hash ^ bounded.charCodeAt(j), 0x01000193);
        ids.push(first + (((hash ^ (hash >>> 15)) >>> 0) % buckets));
      }
    return Int32Array.from(ids);
  }
}
