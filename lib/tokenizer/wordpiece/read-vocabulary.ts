import { UserError } from "../../files/user-error.js";
import { type WordPieceOptions, WordPieceTokenizer } from "./wordpiece-tokenizer.js";

/**
 * A tokenizer from the text of a `vocab.txt`: one token a line, the id is the line's number from 0.
 *
 * @param options as the model's `tokenizer_config.json` has them (do_lower_case → lowercase, …)
 */
export function tokenizerFromVocabulary(text: string, options: WordPieceOptions = {}): WordPieceTokenizer {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return new WordPieceTokenizer(lines, options);
}

/** The `vocab.txt` of a tokenizer; {@link tokenizerFromVocabulary} reads it back. */
export function formatVocabulary(tokenizer: WordPieceTokenizer): string {
  return `${tokenizer.vocabulary.join("\n")}\n`;
}

interface TokenizerJson {
  added_tokens?: { id?: number; content?: string }[];
  normalizer?: {
    type?: string;
    clean_text?: boolean;
    handle_chinese_chars?: boolean;
    strip_accents?: boolean | null;
    lowercase?: boolean;
  };
  pre_tokenizer?: { type?: string };
  model?: {
    type?: string;
    unk_token?: string;
    continuing_subword_prefix?: string;
    max_input_chars_per_word?: number;
    vocab?: Record<string, number>;
  };
}

/**
 * A tokenizer from a parsed `tokenizer.json`.
 *
 * @throws RangeError if it is not BERT's pipeline (BertNormalizer with clean_text, BertPreTokenizer, WordPiece), or
 *   its ids are not 0 … n − 1
 */
export function tokenizerFromJson(json: unknown): WordPieceTokenizer {
  const { normalizer, pre_tokenizer, model, added_tokens } = (json ?? {}) as TokenizerJson;
  for (const [part, got, wanted] of [
    ["normalizer", normalizer?.type, "BertNormalizer"],
    ["pre_tokenizer", pre_tokenizer?.type, "BertPreTokenizer"],
    ["model", model?.type ?? "WordPiece", "WordPiece"],
  ] as const)
    if (got !== wanted)
      throw new UserError(`tokenizer.json: ${part}.type must be ${wanted}, got ${got ?? "none"}`);
  if (normalizer!.clean_text === false)
    throw new UserError("tokenizer.json: normalizer.clean_text must be true, got false");
  const vocabulary: string[] = [];
  for (const [token, id] of Object.entries(model?.vocab ?? {})) vocabulary[id] = token;
  for (let id = 0; id < vocabulary.length; id++)
    if (vocabulary[id] === undefined)
      throw new UserError(
        `tokenizer.json: ids must be 0 to ${vocabulary.length - 1} without gaps, got no ${id}`,
      );
  checkAddedTokens(
    "tokenizer.json",
    vocabulary,
    (added_tokens ?? []).map(({ content, id }) => [String(content), id]),
  );
  return new WordPieceTokenizer(vocabulary, {
    lowercase: normalizer!.lowercase ?? true,
    stripAccents: normalizer!.strip_accents ?? null,
    splitChinese: normalizer!.handle_chinese_chars ?? true,
    ...(model!.unk_token === undefined ? {} : { unknownToken: model!.unk_token }),
    ...(model!.continuing_subword_prefix === undefined
      ? {}
      : { continuation: model!.continuing_subword_prefix }),
    ...(model!.max_input_chars_per_word === undefined
      ? {}
      : { maxWordLength: model!.max_input_chars_per_word }),
  });
}

/**
 * Tokens that a model was taught after its vocabulary are cut out of texts before anything else, which this tokenizer does for
 * special tokens alone.
 *
 * @throws UserError naming those that the vocabulary does not have under their id
 */
export function checkAddedTokens(
  where: string,
  vocabulary: readonly string[],
  added: readonly (readonly [string, unknown])[],
): void {
  const strange = added.filter(([token, id]) => typeof id !== "number" || vocabulary[id] !== token);
  if (strange.length > 0)
    throw new UserError(
      `${where}: added tokens must be in the vocabulary under their ids, got ${strange
        .slice(0, 5)
        .map(([token, id]) => `${JSON.stringify(token)} (${id})`)
        .join(", ")}${strange.length > 5 ? `, and ${strange.length - 5} more` : ""}`,
    );
}
