import type { Random } from "../../engine/random/random.js";
import type { EvaluationQuery } from "../queries.js";
import type { EmojiDocument } from "./documents.js";
import { wordSetKey } from "./keyword-keys.js";
import type { Keyword } from "./keywords.js";
import { keywordPostings } from "./phrases.js";
import type { LocaleTable } from "./training-set.js";

/** Keywords of one locale that no training query has. */
export interface UnseenKeywords {
  locale: string;
  keywords: { text: string; documents: readonly number[] }[];
}

/**
 * Draws keywords of every locale and takes them out of the tables that training is made from. A keyword that another
 * trained locale has too (pizza) is none of them, so what is drawn occurs in no training query of any locale.
 *
 * @param trained  tables that training is made from; not changed
 * @param others   tables of locales that are only tested
 * @param count    keywords per locale
 * @returns trained tables without what was drawn, the draws in the order trained, others, and their word sets, which
 *   phrases must not equal
 */
export function withholdKeywords(
  trained: readonly LocaleTable[],
  others: readonly LocaleTable[],
  count: number,
  random: Random,
): { tables: LocaleTable[]; drawn: UnseenKeywords[]; wordSets: Set<string> } {
  const localesOf = new Map<string, Set<string>>();
  for (const { locale, table } of trained)
    for (const { key } of table.flat()) {
      const found = localesOf.get(key) ?? new Set();
      localesOf.set(key, found.add(locale));
    }
  const wordSets = new Set<string>();
  const draw = ({ locale, table }: LocaleTable): UnseenKeywords & { keys: Set<string> } => {
    const postings = keywordPostings(table);
    const texts = new Map<string, Keyword>(table.flat().map((keyword) => [keyword.key, keyword]));
    const ownOnly = [...texts.values()].filter(({ key }) =>
      [...(localesOf.get(key) ?? [])].every((other) => other === locale),
    );
    const chosen = random.fork(`unseen keywords ${locale}`).shuffle(ownOnly).slice(0, count);
    for (const { text } of chosen) wordSets.add(wordSetKey(text));
    return {
      locale,
      keys: new Set(chosen.map(({ key }) => key)),
      keywords: chosen.map(({ text, key }) => ({ text, documents: postings.get(key)! })),
    };
  };
  const own = trained.map(draw);
  const tables = trained.map(({ locale, table }, i) => ({
    locale,
    table: table.map((keywords) => keywords.filter(({ key }) => !own[i]!.keys.has(key))),
  }));
  return { tables, drawn: [...own, ...others.map(draw)], wordSets };
}

/** One query per keyword, its locale as slice; relevant: all documents that carry it. */
export function keywordQueries(
  documents: readonly EmojiDocument[],
  drawn: readonly UnseenKeywords[],
): EvaluationQuery[] {
  return drawn.flatMap(({ locale, keywords }) =>
    keywords.map(({ text, documents: carriers }, row) => ({
      id: `keywords-${locale}-${row}`,
      fields: { query_search_phrase: text, query_locale: locale },
      relevantIds: carriers.map((document) => documents[document]!.document_id),
      slice: locale,
    })),
  );
}
