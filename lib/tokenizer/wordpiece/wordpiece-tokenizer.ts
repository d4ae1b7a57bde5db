import { UserError } from "../../files/user-error.js";
import { type BasicWordOptions, basicWords } from "./basic-words.js";
import { type Encoding, longestFirst } from "./token-batch.js";

export interface WordPieceOptions extends Partial<BasicWordOptions> {
  unknownToken?: string;
  startToken?: string;
  endToken?: string;
  paddingToken?: string;
  maskToken?: string;
  /** what a piece inside a word begins with (default "##") */
  continuation?: string;
  /** words of more characters are unknown (default 100) */
  maxWordLength?: number;
}

export interface EncodeTextOptions {
  /** second text, set apart by the end token and type id 1 */
  pair?: string;
  /** most tokens, special ones included; null: no limit (default) */
  maxLength?: number | null;
}

const CACHED_WORDS = 200_000;

/**
 * BERT's word-piece tokenizer: [CLS] a … [SEP], or [CLS] a … [SEP] b … [SEP] for a pair. Special tokens written in a
 * text are taken as such. Each word is cut greedily into the longest pieces of the vocabulary; a word that cannot be
 * is one unknown token. Uncased by default.
 *
 * @see Hugging Face tokenizers (WordPiece); tests/fixtures/transformer/tokenizer.json was made by it
 */
export class WordPieceTokenizer {
  readonly settings: Required<WordPieceOptions>;
  readonly padId: number;
  readonly unknownId: number;
  private readonly idOf = new Map<string, number>();
  private readonly startId: number;
  private readonly endId: number;
  private readonly special: RegExp;
  private readonly cache = new Map<string, readonly number[]>();

  /**
   * @param vocabulary tokens in the order of their ids; of a token that occurs twice the later id counts
   * @throws RangeError listing the special tokens that the vocabulary lacks
   */
  constructor(
    readonly vocabulary: readonly string[],
    options: WordPieceOptions = {},
  ) {
    this.settings = {
      lowercase: options.lowercase ?? true,
      stripAccents: options.stripAccents ?? null,
      splitChinese: options.splitChinese ?? true,
      unknownToken: options.unknownToken ?? "[UNK]",
      startToken: options.startToken ?? "[CLS]",
      endToken: options.endToken ?? "[SEP]",
      paddingToken: options.paddingToken ?? "[PAD]",
      maskToken: options.maskToken ?? "[MASK]",
      continuation: options.continuation ?? "##",
      maxWordLength: options.maxWordLength ?? 100,
    };
    for (const [id, token] of vocabulary.entries()) this.idOf.set(token, id);
    const { unknownToken, startToken, endToken, paddingToken, maskToken } = this.settings;
    const needed = [unknownToken, startToken, endToken, paddingToken];
    const missing = needed.filter((token) => !this.idOf.has(token));
    if (missing.length > 0)
      throw new UserError(
        `WordPieceTokenizer: vocabulary must hold ${needed.join(", ")}, got none of ${missing.join(", ")}`,
      );
    this.padId = this.idOf.get(paddingToken)!;
    this.unknownId = this.idOf.get(unknownToken)!;
    this.startId = this.idOf.get(startToken)!;
    this.endId = this.idOf.get(endToken)!;
    const escaped = [...new Set([...needed, maskToken])]
      .filter((token) => this.idOf.has(token))
      .map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    this.special = new RegExp(`(${escaped.join("|")})`);
  }

  /** Number of ids. */
  get size(): number {
    return this.vocabulary.length;
  }

  /** Id of a token of the vocabulary, or undefined. */
  id(token: string): number | undefined {
    return this.idOf.get(token);
  }

  /** Ids of a text's pieces, without the special tokens around it. */
  pieceIds(text: string): number[] {
    const ids: number[] = [];
    const parts =
      text.includes("[") || this.settings.startToken[0] !== "[" ? text.split(this.special) : [text];
    parts.forEach((part, i) => {
      if (i % 2 === 1) ids.push(this.idOf.get(part)!);
      else
        for (const word of basicWords(part, this.settings)) for (const id of this.wordIds(word)) ids.push(id);
    });
    return ids;
  }

  /** A text's pieces as strings, without the special tokens around it. */
  tokenize(text: string): string[] {
    return this.pieceIds(text).map((id) => this.vocabulary[id]!);
  }

  /**
   * Ids of a text, or of a pair, with special tokens, cut to `maxLength` from the end (of a pair the longer text
   * first).
   *
   * @throws RangeError if maxLength leaves no room for the special tokens
   */
  encode(text: string, options: EncodeTextOptions = {}): Encoding {
    const { pair, maxLength = null } = options;
    let first = this.pieceIds(text);
    let second = pair === undefined ? null : this.pieceIds(pair);
    if (maxLength !== null) {
      const limit = maxLength - (second ? 3 : 2);
      if (!Number.isInteger(maxLength) || limit < 0)
        throw new UserError(
          `WordPieceTokenizer.encode: maxLength must be an integer ≥ ${second ? 3 : 2}, got ${maxLength}`,
        );
      if (second) {
        const [a, b] = longestFirst(first.length, second.length, limit);
        first = first.slice(0, a);
        second = second.slice(0, b);
      } else if (first.length > limit) first = first.slice(0, limit);
    }
    const ids = Int32Array.from([
      this.startId,
      ...first,
      this.endId,
      ...(second ? [...second, this.endId] : []),
    ]);
    const typeIds = new Uint8Array(ids.length);
    if (second) typeIds.fill(1, first.length + 2);
    return { ids, typeIds };
  }

  /** Pieces joined to words, special tokens left out: near the text, not equal to it (case and spaces are lost). */
  decode(ids: ArrayLike<number>): string {
    const { continuation, startToken, endToken, paddingToken } = this.settings;
    let text = "";
    for (let i = 0; i < ids.length; i++) {
      const token = this.vocabulary[ids[i]!];
      if (token === undefined)
        throw new UserError(
          `WordPieceTokenizer.decode: ids must be in [0, ${this.size}), got ${ids[i]} at ${i}`,
        );
      if (token === startToken || token === endToken || token === paddingToken) continue;
      if (token.startsWith(continuation) && text !== "") text += token.slice(continuation.length);
      else text += text === "" ? token : ` ${token}`;
    }
    return text;
  }

  private wordIds(word: string): readonly number[] {
    const held = this.cache.get(word);
    if (held !== undefined) return held;
    const ids = this.cut(word);
    if (this.cache.size >= CACHED_WORDS) this.cache.clear();
    this.cache.set(word, ids);
    return ids;
  }

  private cut(word: string): number[] {
    const characters = Array.from(word);
    if (characters.length > this.settings.maxWordLength) return [this.unknownId];
    const ids: number[] = [];
    for (let start = 0; start < characters.length; ) {
      const prefix = start === 0 ? "" : this.settings.continuation;
      let end = characters.length;
      let id: number | undefined;
      for (; end > start; end--)
        if ((id = this.idOf.get(prefix + characters.slice(start, end).join(""))) !== undefined) break;
      if (id === undefined) return [this.unknownId];
      ids.push(id);
      start = end;
    }
    return ids;
  }
}
