import { UserError } from "../../files/user-error.js";
import { type CleaningName, cleaningOf, type TextCleaning } from "../text-cleaning.js";
import { type NamedToken, type TextVectorizer, vectorizeText } from "../text-vectorizer.js";
import type { WordPieceTokenizer } from "./wordpiece-tokenizer.js";

/**
 * Word-pieces of a cleaned text, without special tokens, cut or padded to a fixed length: for bags of word-pieces.
 *
 * @throws RangeError if maxLength < 3 (a transformer's two special tokens and one piece), or [PAD] is not id 0
 */
export class WordPieceVectorizer implements TextVectorizer {
  readonly cleaning: TextCleaning;
  readonly rows: number;

  constructor(
    readonly tokenizer: WordPieceTokenizer,
    readonly length: number,
    cleaning: CleaningName = "published",
  ) {
    if (!Number.isInteger(length) || length < 3)
      throw new UserError(`WordPieceVectorizer: maxLength must be an integer ≥ 3, got ${length}`);
    if (tokenizer.padId !== 0)
      throw new UserError(`WordPieceVectorizer: the padding token must have id 0, got ${tokenizer.padId}`);
    this.cleaning = cleaningOf(cleaning);
    this.rows = tokenizer.size;
  }

  vectorize(cleaned: string): Int32Array {
    return vectorizeText(this, cleaned);
  }

  vectorizeInto(cleaned: string, out: Int32Array, offset: number): void {
    const ids = this.tokenizer.pieceIds(cleaned);
    for (let i = 0; i < this.length; i++) out[offset + i] = ids[i] ?? 0;
  }

  tokensOf(cleaned: string): NamedToken[] {
    const { continuation } = this.tokenizer.settings;
    let word = -1;
    return this.tokenizer
      .pieceIds(cleaned)
      .slice(0, this.length)
      .map((id) => {
        const text = this.tokenizer.vocabulary[id]!;
        if (!text.startsWith(continuation)) word++;
        return { id, text, kind: "piece", word: Math.max(0, word) };
      });
  }
}
