import { type CleaningName, cleaningOf, type TextCleaning } from "../tokenizer/text-cleaning.js";
import type { WordPieceTokenizer } from "../tokenizer/wordpiece/wordpiece-tokenizer.js";
import type { ColumnReader } from "./column-reader.js";
import { type TokenColumn, tokenColumn } from "./token-column.js";

/**
 * Reads texts as word-pieces, uncleaned (the tokenizer does its own cleaning), cut to `maxLength` tokens.
 *
 * @throws RangeError if maxLength leaves no room for the special tokens
 */
export class TokenReader implements ColumnReader {
  readonly type = "tokens";
  /** Of texts before typos are put in. */
  readonly cleaning: TextCleaning;
  private cut = 0;
  private empty = 0;

  constructor(
    readonly tokenizer: WordPieceTokenizer,
    readonly maxLength: number,
    cleaning: CleaningName = "published",
  ) {
    this.cleaning = cleaningOf(cleaning);
    tokenizer.encode("", { maxLength });
  }

  /**
   * @param transform applied to the cleaned text, in place of the text: where typos are put in
   * @param from      first cell that it is applied to
   */
  read(cells: readonly string[], transform?: (cleaned: string) => string, from = 0): TokenColumn {
    const { tokenizer, maxLength, cleaning } = this;
    return tokenColumn(
      cells.map((cell, i) => {
        const text = transform && i >= from ? transform(cleaning.clean(cell)) : cell;
        const encoding = tokenizer.encode(text, { maxLength });
        if (encoding.ids.length === maxLength) this.cut++;
        if (encoding.ids.length === 2) this.empty++;
        return encoding;
      }),
    );
  }

  counts(): Record<string, number> {
    return { "texts at the maximum length": this.cut, "texts without word-pieces": this.empty };
  }
}
