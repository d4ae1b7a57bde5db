import path from "node:path";
import type { CleaningName } from "../../tokenizer/text-cleaning.js";
import { layout, partName } from "../dataset-layout.js";
import { writeDictionary } from "../dictionary-file.js";
import { writeJsonLines } from "../json-lines.js";
import { writeParquet } from "../parquet.js";
import type { EvaluationQuery } from "../queries.js";
import { type DictionarySizes, mostFrequent, numberByFrequency, TokenCounts } from "../token-counts.js";
import type { EmojiDocument } from "./documents.js";
import { carriersOf, type HeldOut, keywordPostings, type Phrase } from "./phrases.js";
import type { EmojiSplit, LocaleTable } from "./training-set.js";

/** The candidate pool. */
export function writeItems(folder: string, documents: readonly EmojiDocument[]): void {
  writeJsonLines(path.join(folder, layout.items), documents);
}

/** Training and validation rows. At least four part-files, so that as many loader workers have one each. */
export function writeRows(
  folder: string,
  documents: readonly EmojiDocument[],
  tables: readonly LocaleTable[],
  split: EmojiSplit,
  withLocale: boolean,
): void {
  const { texts, documents: rows, locales } = split.training;
  const parts = Math.max(4, Math.ceil(texts.length / 100_000));
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((texts.length * part) / parts);
    const to = Math.floor((texts.length * (part + 1)) / parts);
    const rowLocales = Array.from(locales.subarray(from, to), (index) => tables[index]!.locale);
    const columns = rowColumns(
      texts.slice(from, to),
      Array.from(rows.subarray(from, to), (row) => documents[row]!),
      withLocale ? rowLocales : null,
    );
    writeParquet(path.join(folder, layout.training, partName(part)), columns);
  }
  const held = split.heldOut.flatMap(({ validation }, index) =>
    validation.map((phrase) => ({ phrase, locale: tables[index]!.locale })),
  );
  const columns = rowColumns(
    held.map(({ phrase }) => phrase.text),
    held.map(({ phrase }) => documents[phrase.document]!),
    withLocale ? held.map(({ locale }) => locale) : null,
  );
  writeParquet(path.join(folder, layout.validation, partName(0)), columns);
}

function rowColumns(
  texts: string[],
  documents: readonly EmojiDocument[],
  locales: string[] | null,
): Record<string, string[]> {
  return {
    query_search_phrase: texts,
    ...(locales === null ? {} : { query_locale: locales }),
    document_id: documents.map((document) => document.document_id),
    document_name: documents.map((document) => document.document_name),
    document_group: documents.map((document) => document.document_group),
    document_category_id: documents.map((document) => document.document_category_id),
    document_picture: documents.map((document) => document.document_picture),
  };
}

/** Held-out phrases with all documents that carry their keywords. */
export function phraseQueries(
  documents: readonly EmojiDocument[],
  tables: readonly LocaleTable[],
  heldOut: readonly HeldOut[],
  withLocale: boolean,
): EvaluationQuery[] {
  return tables.flatMap(({ locale, table }, index) => {
    const postings = keywordPostings(table);
    return heldOut[index]!.evaluation.map(({ text, keywords }: Phrase, row) => ({
      id: withLocale ? `phrases-${locale}-${row}` : `phrases-${row}`,
      fields: { query_search_phrase: text, ...(withLocale ? { query_locale: locale } : {}) },
      relevantIds: carriersOf(keywords, postings).map((document) => documents[document]!.document_id),
      slice: withLocale ? locale : `${keywords.length} keywords`,
    }));
  });
}

/** Token and category dictionaries, counted over the training rows. */
export function writeDictionaries(
  folder: string,
  documents: readonly EmojiDocument[],
  split: EmojiSplit,
  sizes: DictionarySizes,
  cleaning: CleaningName,
): Record<string, number> {
  const tokens = new TokenCounts(sizes, cleaning);
  const rowsOf = new Array<number>(documents.length).fill(0);
  split.training.texts.forEach((text, row) => {
    tokens.add(text);
    rowsOf[split.training.documents[row]!]! += 1;
  });
  const categories = new Map<string, number>();
  documents.forEach(({ document_name, document_category_id: category }, row) => {
    if (rowsOf[row]! > 0) tokens.add(document_name, rowsOf[row]);
    categories.set(category, (categories.get(category) ?? 0) + rowsOf[row]!);
  });
  const tokenEntries = tokens.entries();
  const categoryEntries = numberByFrequency([mostFrequent(categories, categories.size)]);
  writeDictionary(path.join(folder, layout.tokenDictionary), "token", tokenEntries);
  writeDictionary(path.join(folder, layout.categoryDictionary), "category", categoryEntries);
  return { tokens: tokenEntries.length, categories: categoryEntries.length };
}
