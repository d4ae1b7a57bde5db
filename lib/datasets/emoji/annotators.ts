import type { EvaluationQuery } from "../queries.js";
import { keywordKey, wordSetKey } from "./keyword-keys.js";
import { toKeyword } from "./keywords.js";

/** What the annotator set is made of, per document. */
export interface Annotated {
  id: string;
  tags: readonly string[];
  /** CLDR's keywords and name of the document, as they are. */
  known: readonly string[];
}

/** The annotators' tags that CLDR does not have. */
export interface AnnotatorTags {
  /** Typed text → ids of the documents tagged with it. */
  queries: Map<string, string[]>;
  /** Pairs, with those that a document lists twice counted twice; the distinct ones are what `queries` holds. */
  listedPairs: number;
}

/**
 * OpenMoji's own tags minus the pairs that CLDR has too, as keyword or as name; compared in lower case and cleaned.
 * Over the 1,597 emoji that CLDR 48 names in English: 946 queries, 1,837 listed pairs, 1,833 of them distinct.
 */
export function annotatorTags(documents: readonly Annotated[]): AnnotatorTags {
  const byKey = new Map<string, { text: string; ids: string[] }>();
  let listedPairs = 0;
  for (const { id, tags, known } of documents) {
    const knownKeys = new Set(known.map((text) => toKeyword(text)?.key));
    for (const tag of tags) {
      const keyword = toKeyword(tag);
      if (keyword === null || knownKeys.has(keyword.key)) continue;
      listedPairs++;
      const query = byKey.get(keyword.key) ?? { text: keyword.text, ids: [] };
      if (!query.ids.includes(id)) query.ids.push(id);
      byKey.set(keyword.key, query);
    }
  }
  return { queries: new Map([...byKey.values()].map(({ text, ids }) => [text, ids])), listedPairs };
}

/** The tags as evaluation queries, each in the slice `seen` or `unseen` in training, whatever its word order there. */
export function annotatorQueries(
  tags: AnnotatorTags,
  trainedWordSets: ReadonlySet<string>,
  fields: (text: string) => Record<string, string>,
): EvaluationQuery[] {
  return [...tags.queries].map(([text, relevantIds]) => ({
    id: `annotators-${keywordKey(text)}`,
    fields: fields(text),
    relevantIds,
    slice: trainedWordSets.has(wordSetKey(text)) ? "seen" : "unseen",
  }));
}
