import { Random } from "../engine/random/random.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { sentencesOf } from "../tokenizer/sentences.js";
import type { DatasetConfig } from "./sections/dataset.js";

type Item = Readonly<Record<string, string>>;
type SentencePairs = NonNullable<DatasetConfig["sentence_pairs"]>;
type SpanPairs = NonNullable<DatasetConfig["span_pairs"]>;

/**
 * Appends training pairs that documents make by themselves: a column as a query (`document_pairs`), each sentence of a
 * column (`sentence_pairs`), runs of its words (`span_pairs`). No label is needed for them. Each counts as one labelled pair
 * does, so that few labels are not repeated until they are known by heart.
 *
 * @param texts columns of the training pairs, changed
 * @param names columns of each side
 * @param items the documents, from which every column of `names.document` is taken
 * @returns how many pairs were added, by phrase
 * @throws RangeError if queries are not one text column, or the documents lack the column named
 */
export function addDocumentPairs(
  dataset: Pick<DatasetConfig, "document_pairs" | "sentence_pairs" | "span_pairs" | "query_features">,
  texts: Record<string, string[]>,
  names: { query: readonly string[]; document: readonly string[] },
  items: readonly Item[],
): Record<string, number> {
  const { document_pairs: column, sentence_pairs: sentences, span_pairs: spans } = dataset;
  const counts: Record<string, number> = {};
  const add = (query: string, item: Item) => {
    texts[names.query[0]!]!.push(query);
    for (const name of names.document)
      if (name !== names.query[0]) texts[name]!.push(ownEntry(item, name) ?? "");
  };
  if (column !== null) {
    checkColumns("document_pairs", column, dataset, names.query, items);
    const given = items.filter((item) => (ownEntry(item, column) ?? "") !== "");
    for (const item of given) add(item[column]!, item);
    counts["pairs of documents with themselves"] = given.length;
  }
  if (sentences !== null) {
    checkColumns("sentence_pairs", sentences.column, dataset, names.query, items);
    const random = new Random(0).fork("sentence pairs");
    let added = 0;
    for (const item of items)
      for (const query of sentenceQueries(ownEntry(item, sentences.column) ?? "", sentences, random)) {
        add(query, item);
        added++;
      }
    counts["pairs of documents with their sentences"] = added;
  }
  if (spans !== null) {
    for (const column of [spans.column, ...(spans.beside === null ? [] : [spans.beside])])
      checkColumns("span_pairs", column, dataset, names.query, items);
    const random = new Random(0).fork("span pairs");
    let added = 0;
    for (const item of items)
      for (const span of spanQueries(ownEntry(item, spans.column) ?? "", spans, random)) {
        const before = spans.beside === null ? "" : (ownEntry(item, spans.beside) ?? "");
        add(before === "" ? span : `${before} ${span}`, item);
        added++;
      }
    counts["pairs of documents with their spans"] = added;
  }
  return counts;
}

/** Distinct runs of min_words to max_words words of a text; none of a text with fewer words. */
function spanQueries(text: string, options: SpanPairs, random: Random): string[] {
  const { count, min_words: least, max_words: most } = options;
  const words = text.split(/\s+/).filter((word) => word !== "");
  if (words.length < least) return [];
  const spans = Array.from({ length: count }, () => {
    const length = least + random.int(Math.min(most, words.length) - least + 1);
    const start = random.int(words.length - length + 1);
    return words.slice(start, start + length).join(" ");
  });
  return [...new Set(spans)];
}

/** The sentences of a text, each followed by its copies with words left out. */
function sentenceQueries(text: string, options: SentencePairs, random: Random): string[] {
  const { min_words: minWords, most, copies, keep_words: share } = options;
  const sentences = sentencesOf(text, minWords);
  return sentences.slice(0, most ?? sentences.length).flatMap((sentence) => {
    const words = sentence.split(/\s+/);
    const kept = Math.max(minWords, Math.round(share * words.length));
    const shortened = Array.from({ length: copies }, () => {
      const places = random.shuffle(Int32Array.from(words, (_, i) => i)).slice(0, kept);
      return Array.from(places.sort(), (place) => words[place]!).join(" ");
    });
    return [sentence, ...shortened];
  });
}

function checkColumns(
  key: string,
  column: string,
  { query_features: queries }: Pick<DatasetConfig, "query_features">,
  queryColumns: readonly string[],
  items: readonly Item[],
): void {
  if (queryColumns.length !== 1 || queries[0]!.type !== "text")
    throw new UserError(`dataset.${key}: queries must be one text column, got ${queryColumns.join(", ")}`);
  if (ownEntry(items[0]!, column) === undefined)
    throw new UserError(
      `dataset.${key}: must name a column of the documents (${Object.keys(items[0]!).join(", ")}), got "${column}"`,
    );
}
