import type { Random } from "../engine/random/random.js";
import { DataError } from "../files/data-error.js";
import { ownEntry } from "../files/own-entry.js";
import { cleanUnicode } from "../tokenizer/unicode-words.js";
import type { JudgedQuery } from "./judged-split.js";

/** Name of the evaluation set that {@link knownItems} makes. */
const KNOWN_ITEMS = "known-items";

/** Queries drawn at most: intervals of Recall are then some ±.03 wide. */
const QUERIES = 500;
const MOST_WORDS = 5;

/**
 * Queries for documents that nobody has asked for: each is 2 to 5 distinct words of one document, drawn with weights
 * ln(N / df) and asked in the document's order; that document is its only relevant one. They tell whether a system finds
 * what it is asked for in the documents' own words, typing errors put in or not, and nothing about words that the documents
 * do not use. Documents without words give none; a document with fewer words is asked for by those.
 *
 * @param documents with `document_id`; N of them
 * @param columns   document columns that are read
 * @throws DataError unless there are two documents with different words
 * @see Azzopardi & de Rijke 2006, doi:10.1145/1148170.1148276
 */
export function knownItemQueries(
  documents: readonly Readonly<Record<string, string>>[],
  columns: readonly string[],
  random: Random,
): JudgedQuery[] {
  const words = documents.map((document) => [
    ...new Set(cleanUnicode(columns.map((column) => ownEntry(document, column) ?? "").join(" ")).split(" ")),
  ]);
  const frequency = new Map<string, number>();
  for (const word of words.flat()) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const weight = (word: string) => (word === "" ? 0 : Math.log(documents.length / frequency.get(word)!));
  const order = random.shuffle(Int32Array.from(documents, (_, i) => i));
  const queries: JudgedQuery[] = [];
  for (const row of order) {
    if (queries.length === QUERIES) break;
    const wanted = 2 + random.int(MOST_WORDS - 1);
    const drawn = drawWithout(words[row]!.map(weight), wanted, random);
    if (drawn.length === 0) continue;
    queries.push({
      id: `k${queries.length}`,
      fields: { query_search_phrase: drawn.map((place) => words[row]![place]!).join(" ") },
      grades: { [documents[row]!["document_id"]!]: 1 },
    });
  }
  if (queries.length < 2)
    throw new DataError(
      `documents: must be at least two with different words to search among, got ${documents.length}${documents.length > 1 ? " that do not differ" : ""}`,
    );
  return queries;
}

/** {@link knownItemQueries} as an evaluation set. */
export function knownItems(
  documents: readonly Readonly<Record<string, string>>[],
  columns: readonly string[],
  random: Random,
): { name: string; description: string; queries: JudgedQuery[] } {
  return {
    name: KNOWN_ITEMS,
    description: "words drawn from one document each, which is the relevant one: no real searches",
    queries: knownItemQueries(documents, columns, random),
  };
}

/** What a manifest says of a data set without labels. */
export function noLabelRule(isMadeUp: boolean): string {
  return isMadeUp
    ? "No labels, and no searches either: the evaluation set is of words drawn from one document each."
    : "No labels to train on; the evaluation set is the source's.";
}

/** At most `count` places, in ascending order, drawn one by one in proportion to their weights; places of weight 0 never. */
function drawWithout(weights: readonly number[], count: number, random: Random): number[] {
  const left = [...weights];
  const drawn: number[] = [];
  while (drawn.length < count) {
    let at = random.next() * left.reduce((sum, weight) => sum + weight, 0);
    const place = left.findIndex((weight) => {
      at -= weight;
      return weight > 0 && at < 0;
    });
    if (place < 0) break;
    drawn.push(place);
    left[place] = 0;
  }
  return drawn.sort((a, b) => a - b);
}
