import { UserError } from "../../files/user-error.js";
import { type BasicWordOptions, basicWords } from "./basic-words.js";
import { MergeQueue } from "./merge-queue.js";

export interface VocabularyTrainingOptions extends Partial<BasicWordOptions> {
  /** most tokens, special ones and single characters included */
  size: number;
  /** a pair of pieces seen less often is not joined (default 2) */
  minFrequency?: number;
  /** most different characters, the most frequent ones (default 1000); the others become unknown */
  alphabetLimit?: number;
  /** first tokens (default [PAD], [UNK], [CLS], [SEP], [MASK]) */
  specialTokens?: readonly string[];
  continuation?: string;
}

/**
 * A word-piece vocabulary from a corpus: single characters (as beginning and, with "##", as continuation of a word),
 * then the pair of neighbouring pieces that occurs most often is joined again and again, ties to the pair whose
 * pieces were found first. Deterministic; memory is that of the distinct words.
 *
 * @param texts read once
 * @returns tokens in the order of their ids
 * @throws RangeError if `size` is too small for special tokens and characters
 * @see Sennrich et al. 2016, arXiv:1508.07909 (pair merging, as Hugging Face's WordPiece trainer does too)
 */
export function trainVocabulary(texts: Iterable<string>, options: VocabularyTrainingOptions): string[] {
  const specialTokens = options.specialTokens ?? ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  const prefix = options.continuation ?? "##";
  const counts = countWords(texts, options);
  const allowed = commonCharacters(counts, options.alphabetLimit ?? 1000);
  const ids = new Map<string, number>();
  const tokens: string[] = [];
  const idFor = (token: string): number => {
    let id = ids.get(token);
    if (id === undefined) {
      id = tokens.push(token) - 1;
      ids.set(token, id);
    }
    return id;
  };
  for (const token of specialTokens) idFor(token);
  for (const character of [...allowed].sort()) idFor(character);
  const words: number[][] = [];
  const weights: number[] = [];
  for (const [word, count] of counts) {
    const characters = Array.from(word);
    if (!characters.every((character) => allowed.has(character))) continue;
    words.push(characters.map((character, i) => idFor(i === 0 ? character : prefix + character)));
    weights.push(count);
  }
  if (tokens.length > options.size)
    throw new UserError(
      `trainVocabulary: size must hold ${specialTokens.length} special tokens and ${tokens.length - specialTokens.length} characters, got ${options.size}`,
    );
  const queue = new MergeQueue(words, weights);
  const minimum = options.minFrequency ?? 2;
  while (tokens.length < options.size) {
    const best = queue.best();
    if (best === null || best.count < minimum) break;
    const right = tokens[best.right]!;
    const joined = tokens[best.left]! + (right.startsWith(prefix) ? right.slice(prefix.length) : right);
    queue.merge(best, idFor(joined));
  }
  return tokens;
}

function countWords(texts: Iterable<string>, options: Partial<BasicWordOptions>): Map<string, number> {
  const settings: BasicWordOptions = {
    lowercase: options.lowercase ?? true,
    stripAccents: options.stripAccents ?? null,
    splitChinese: options.splitChinese ?? true,
  };
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const word of basicWords(text, settings)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function commonCharacters(counts: ReadonlyMap<string, number>, limit: number): Set<string> {
  const seen = new Map<string, number>();
  for (const [word, count] of counts)
    for (const character of word) seen.set(character, (seen.get(character) ?? 0) + count);
  const ordered = [...seen].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return new Set(ordered.slice(0, limit).map(([character]) => character));
}
