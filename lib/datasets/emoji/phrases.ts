import type { Random } from "../../engine/random/random.js";
import { wordSetKey } from "./keyword-keys.js";
import { type Keyword, keywordSetKey, wordsAreDistinct } from "./keywords.js";

/** Keywords of every document in one locale; rows without keywords are empty. */
export type KeywordTable = readonly (readonly Keyword[])[];

/** A phrase, the document it was drawn from, and its keywords. */
export interface Phrase {
  text: string;
  document: number;
  keywords: readonly Keyword[];
}

/** What must not be used again, over all locales. */
export interface Reserved {
  /** {@link wordSetKey} of queries that training must not have, in any word order. */
  wordSets: Set<string>;
  /** {@link wordSetKey} of keywords on their own, which training has for certain. */
  single: ReadonlySet<string>;
}

/** Phrases put aside for one locale. */
export interface HeldOut {
  evaluation: Phrase[];
  validation: Phrase[];
  /** Keyword sets of both: no training phrase may contain one. */
  keywordSets: Set<string>;
}

/**
 * Draws phrases of two and three keywords of one document, all with different keyword sets, first for evaluation and
 * then for validation, three of two keywords to two of three. Fewer come back where the keywords do not suffice.
 */
export function holdOut(
  table: KeywordTable,
  counts: { evaluation: number; validation: number },
  reserved: Reserved,
  random: Random,
): HeldOut {
  const held: HeldOut = { evaluation: [], validation: [], keywordSets: new Set() };
  for (const part of ["evaluation", "validation"] as const) {
    const pairs = Math.ceil(counts[part] * 0.6);
    draw(table, 2, pairs, held[part], held.keywordSets, reserved, random);
    draw(table, 3, counts[part], held[part], held.keywordSets, reserved, random);
  }
  return held;
}

function draw(
  table: KeywordTable,
  size: number,
  until: number,
  into: Phrase[],
  keywordSets: Set<string>,
  reserved: Reserved,
  random: Random,
): void {
  const documents = table.flatMap((keywords, row) => (keywords.length >= size + 1 ? [row] : []));
  if (documents.length === 0) return;
  for (let tries = 20 * (until - into.length); tries > 0 && into.length < until; tries--) {
    const document = documents[random.int(documents.length)]!;
    const keywords = choose(table[document]!, size, random);
    const key = keywordSetKey(keywords);
    const text = phraseText(keywords);
    const words = wordSetKey(text);
    if (keywordSets.has(key) || !wordsAreDistinct(keywords)) continue;
    if (reserved.wordSets.has(words) || reserved.single.has(words)) continue;
    keywordSets.add(key);
    reserved.wordSets.add(words);
    into.push({ text, document, keywords });
  }
}

/**
 * Training phrases of one locale: every keyword of every document alone, then per document up to `perDocument` phrases
 * of two and three keywords (half and half) that contain no held-out keyword set and equal no reserved query.
 */
export function* trainingPhrases(
  table: KeywordTable,
  perDocument: number,
  heldOut: ReadonlySet<string>,
  reserved: Reserved,
  random: Random,
): Generator<Phrase> {
  for (let document = 0; document < table.length; document++) {
    const keywords = table[document]!;
    for (const keyword of keywords) yield { text: keyword.text, document, keywords: [keyword] };
    const met = new Set<string>();
    for (const size of [2, 3]) {
      if (keywords.length < size) break;
      let wanted = size === 2 ? Math.ceil(perDocument / 2) : Math.floor(perDocument / 2);
      for (let tries = 3 * wanted; tries > 0 && wanted > 0; tries--) {
        const chosen = choose(keywords, size, random);
        const key = keywordSetKey(chosen);
        if (met.has(key) || !wordsAreDistinct(chosen) || containsHeldOut(chosen, heldOut)) continue;
        const text = phraseText(chosen);
        if (reserved.wordSets.has(wordSetKey(text))) continue;
        met.add(key);
        wanted--;
        yield { text, document, keywords: chosen };
      }
    }
  }
}

/** Documents that carry all of the keywords, ascending. */
export function carriersOf(
  keywords: readonly Keyword[],
  postings: ReadonlyMap<string, readonly number[]>,
): number[] {
  const [first, ...rest] = keywords.map((keyword) => postings.get(keyword.key) ?? []);
  return (first ?? []).filter((document) => rest.every((list) => list.includes(document)));
}

/** Keyword key → documents that carry it, ascending. */
export function keywordPostings(table: KeywordTable): Map<string, number[]> {
  const postings = new Map<string, number[]>();
  for (let document = 0; document < table.length; document++)
    for (const { key } of table[document]!) {
      const list = postings.get(key);
      if (list === undefined) postings.set(key, [document]);
      else list.push(document);
    }
  return postings;
}

/** Whether the set, or a pair out of three, is held out. */
function containsHeldOut(keywords: readonly Keyword[], heldOut: ReadonlySet<string>): boolean {
  if (heldOut.has(keywordSetKey(keywords))) return true;
  if (keywords.length < 3) return false;
  return keywords.some((_, left) => heldOut.has(keywordSetKey(keywords.filter((_, i) => i !== left))));
}

function choose(keywords: readonly Keyword[], size: number, random: Random): Keyword[] {
  const rest = [...keywords];
  const chosen: Keyword[] = [];
  for (let i = 0; i < size; i++) chosen.push(rest.splice(random.int(rest.length), 1)[0]!);
  return chosen;
}

function phraseText(keywords: readonly Keyword[]): string {
  return keywords.map((keyword) => keyword.text).join(" ");
}
