import { type CleaningName, cleaningOf, type TextCleaning } from "../tokenizer/text-cleaning.js";
import { charTrigrams, wordBigrams, wordUnigrams } from "../tokenizer/tokens.js";
import type { DictionaryEntry } from "./dictionary-file.js";

/** Most entries kept per kind; 0 leaves the kind out. */
export interface DictionarySizes {
  unigrams: number;
  bigrams: number;
  trigrams: number;
}

export type TokenKind = keyof DictionarySizes;

const tokenKinds: readonly TokenKind[] = ["unigrams", "bigrams", "trigrams"];

/** The tokens of a cleaned text that a dictionary may hold: those without letters or digits are left out. */
export function countableTokens(
  cleaned: string,
  kind: TokenKind,
  { segment }: TextCleaning = cleaningOf("published"),
): string[] {
  if (cleaned === "") return [];
  if (kind === "trigrams") return charTrigrams(cleaned).filter((trigram) => trigram.trim() !== "");
  const words = wordUnigrams(segment(cleaned));
  if (kind === "unigrams") return words.filter((word) => word !== "");
  return wordBigrams(words).filter((bigram) => !bigram.startsWith(" ") && !bigram.endsWith(" "));
}

/** Token frequencies of texts, in memory, per kind. */
export class TokenCounts {
  private readonly counts: Record<TokenKind, Map<string, number>>;
  private readonly cleaning: TextCleaning;

  /** @param cleaning  of the texts; default "published" */
  constructor(
    private readonly sizes: DictionarySizes,
    cleaning: CleaningName = "published",
  ) {
    this.cleaning = cleaningOf(cleaning);
    this.counts = { unigrams: new Map(), bigrams: new Map(), trigrams: new Map() };
  }

  /** Counts every token of a text, `times` over. */
  add(text: string, times = 1): void {
    const cleaned = this.cleaning.clean(text);
    for (const kind of tokenKinds) {
      if (this.sizes[kind] === 0) continue;
      const counts = this.counts[kind];
      for (const token of countableTokens(cleaned, kind, this.cleaning))
        counts.set(token, (counts.get(token) ?? 0) + times);
    }
  }

  /** See {@link numberByFrequency}. */
  entries(): DictionaryEntry[] {
    return numberByFrequency(tokenKinds.map((kind) => mostFrequent(this.counts[kind], this.sizes[kind])));
  }
}

/**
 * The `limit` most frequent keys, most frequent first, equally frequent ones by code units. Most keys of a log occur
 * once, so those of the last count that is kept are sorted as plain texts, and rarer ones not at all.
 */
export function mostFrequent(counts: ReadonlyMap<string, number>, limit: number): [string, number][] {
  if (limit <= 0) return [];
  const keysOf = new Map<number, number>();
  for (const count of counts.values()) keysOf.set(count, (keysOf.get(count) ?? 0) + 1);
  let cutoff = Number.POSITIVE_INFINITY;
  let kept = 0;
  for (const count of [...keysOf.keys()].sort((a, b) => b - a)) {
    if (kept >= limit) break;
    cutoff = count;
    kept += keysOf.get(count)!;
  }
  const above: [string, number][] = [];
  const last: string[] = [];
  for (const entry of counts)
    if (entry[1] > cutoff) above.push(entry);
    else if (entry[1] === cutoff) last.push(entry[0]);
  above.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  last.sort();
  return [...above, ...last.slice(0, limit - above.length).map((key): [string, number] => [key, cutoff])];
}

/**
 * Numbers the kinds one after the other from 1. A token that two kinds share (a three-letter word is also a trigram)
 * keeps its first id; the counts are those of that kind.
 */
export function numberByFrequency(kinds: readonly (readonly [string, number][])[]): DictionaryEntry[] {
  const entries: DictionaryEntry[] = [];
  const met = new Set<string>();
  for (const kind of kinds)
    for (const [key, count] of kind) {
      if (met.has(key)) continue;
      met.add(key);
      entries.push({ key, id: entries.length + 1, count });
    }
  return entries;
}
