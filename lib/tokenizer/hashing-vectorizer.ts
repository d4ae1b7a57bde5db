import { UserError } from "../files/user-error.js";
import { checkOovCount, OovIds } from "./oov-id.js";
import { type CleaningName, cleaningOf, type TextCleaning } from "./text-cleaning.js";
import { type NamedToken, type TextVectorizer, vectorizeText, wordPlaces } from "./text-vectorizer.js";

export interface HashingVectorizerOptions {
  /** Hash buckets as configured; ids are offset+1 … offset+numFeatures−1. */
  numFeatures: number;
  /** Ids per text: the first words, zero padded. */
  maxLength: number;
  /** Added to every id, so that two vectorisers can share a table. Default 0. */
  offset?: number;
  /** Default "published". */
  cleaning?: CleaningName;
}

/**
 * Word unigrams without a dictionary: id = MD5 mod (numFeatures − 1) + offset + 1.
 *
 * @throws RangeError for numFeatures < 2, maxLength < 1 or a negative offset
 * @see specs: 0-qdrl section 5.4
 */
export class HashingVectorizer implements TextVectorizer {
  readonly cleaning: TextCleaning;
  readonly length: number;
  readonly rows: number;
  private readonly ids: OovIds;

  constructor({ numFeatures, maxLength, offset = 0, cleaning = "published" }: HashingVectorizerOptions) {
    checkOovCount("HashingVectorizer", "numFeatures", numFeatures);
    if (!Number.isInteger(maxLength) || maxLength < 1)
      throw new UserError(`HashingVectorizer: maxLength must be an integer ≥ 1, got ${maxLength}`);
    if (!Number.isInteger(offset) || offset < 0)
      throw new UserError(`HashingVectorizer: offset must be an integer ≥ 0, got ${offset}`);
    this.cleaning = cleaningOf(cleaning);
    this.length = maxLength;
    this.rows = offset + numFeatures;
    this.ids = new OovIds(offset, numFeatures - 1);
  }

  vectorize(cleaned: string): Int32Array {
    return vectorizeText(this, cleaned);
  }

  vectorizeInto(cleaned: string, out: Int32Array, offset: number): void {
    out.fill(0, offset, offset + this.length);
    const text = this.cleaning.segment(cleaned);
    let start = 0;
    for (let word = 0; word < this.length; word++) {
      const space = text.indexOf(" ", start);
      out[offset + word] = this.ids.id(text.slice(start, space === -1 ? text.length : space));
      if (space === -1) return;
      start = space + 1;
    }
  }

  tokensOf(cleaned: string): NamedToken[] {
    const words = this.cleaning.segment(cleaned).split(" ").slice(0, this.length);
    const places = wordPlaces(words);
    return words.map((text, i) => ({ id: this.ids.id(text), text, kind: "word", word: places[i]! }));
  }
}
