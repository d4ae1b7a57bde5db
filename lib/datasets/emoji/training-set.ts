import { Random } from "../../engine/random/random.js";
import { wordSetKey } from "./keyword-keys.js";
import type { Keyword } from "./keywords.js";
import { type HeldOut, holdOut, type KeywordTable, type Reserved, trainingPhrases } from "./phrases.js";

/** Keywords of all documents in one locale. */
export interface LocaleTable {
  locale: string;
  table: KeywordTable;
}

/** Training pairs by column: row i is texts[i], a query of locale locales[i], and document documents[i]. */
export interface TrainingPairs {
  texts: string[];
  documents: Int32Array;
  locales: Int32Array;
  /** Number of rows whose query is a single keyword. */
  singles: number;
}

export interface EmojiSplit {
  /** Per locale, in the order of the tables. */
  heldOut: HeldOut[];
  /** Of locales that are only tested, in their order. */
  untrained: HeldOut[];
  training: TrainingPairs;
  /** Those of `watched` that occur among the training queries, in any word order. */
  seen: Set<string>;
}

export interface SplitOptions {
  seed: number;
  /** Per locale. */
  evaluation: number;
  validation: number;
  phrasesPerDocument: number;
  /** Word sets of queries that no phrase of two or more keywords may equal, such as the annotators' tags. */
  watched: ReadonlySet<string>;
  /** Locales that are only tested; validation has none of their phrases. */
  untrained?: readonly LocaleTable[];
  onLocale?: (done: number) => void;
}

/**
 * Puts evaluation and validation phrases aside for all locales first and makes the training pairs after that, so that
 * no locale trains on what another is tested with. Rows come shuffled.
 */
export function splitKeywords(tables: readonly LocaleTable[], options: SplitOptions): EmojiSplit {
  const random = new Random(options.seed);
  const reserved: Reserved = { wordSets: new Set(options.watched), single: singleWordSets(tables) };
  const heldOut = tables.map(({ locale, table }) =>
    holdOut(table, options, reserved, random.fork(`held out ${locale}`)),
  );
  const untrained = (options.untrained ?? []).map(({ locale, table }) =>
    holdOut(table, { ...options, validation: 0 }, reserved, random.fork(`held out ${locale}`)),
  );
  const texts: string[] = [];
  const documents: number[] = [];
  const locales: number[] = [];
  const seen = new Set<string>();
  let singles = 0;
  tables.forEach(({ locale, table }, index) => {
    const phrases = trainingPhrases(
      table,
      options.phrasesPerDocument,
      heldOut[index]!.keywordSets,
      reserved,
      random.fork(`training ${locale}`),
    );
    for (const { text, document, keywords } of phrases) {
      texts.push(text);
      documents.push(document);
      locales.push(index);
      if (keywords.length > 1) continue;
      singles++;
      const words = wordSetKey(text);
      if (options.watched.has(words)) seen.add(words);
    }
    options.onLocale?.(index + 1);
  });
  const order = random.fork("order").shuffle(Uint32Array.from(texts, (_, i) => i));
  return {
    heldOut,
    untrained,
    seen,
    training: {
      texts: Array.from(order, (row) => texts[row]!),
      documents: Int32Array.from(order, (row) => documents[row]!),
      locales: Int32Array.from(order, (row) => locales[row]!),
      singles,
    },
  };
}

function singleWordSets(tables: readonly LocaleTable[]): Set<string> {
  const keys = new Set<string>();
  const add = (keyword: Keyword) => {
    if (/\s/.test(keyword.text)) keys.add(wordSetKey(keyword.text));
  };
  for (const { table } of tables) for (const keywords of table) keywords.forEach(add);
  return keys;
}
