import { unicodeTokens } from "../../tokenizer/unicode-words.js";

/**
 * How much of a query's words a document is known by: its own text's, and those of the training queries that it answers.
 *
 *   c(q, d) = Σ_{w ∈ q} idf(w) [w in d's text, or in a training query of d other than q] / Σ_{w ∈ q} idf(w),
 *   idf(w) = ln(1 + N / n(w)),  n(w) of the N documents known by w
 *
 * A label (q, d) does not speak for itself: the words that d is known by through q alone do not count.
 */
export class WordCoverage {
  private readonly words = new Map<string, number>();
  private readonly idf: number[];
  /** word × documents + document → training queries of the document with the word; infinite where its text has it */
  private readonly known = new Map<number, number>();

  /**
   * @param texts   of the documents
   * @param answers training queries, each different text once, with the documents that answer them
   */
  constructor(
    private readonly texts: readonly string[],
    answers: readonly { text: string; documents: readonly number[] }[],
  ) {
    const add = (document: number, text: string, times: number) => {
      for (const word of new Set(tokensOf(text))) {
        const key = this.wordOf(word) * texts.length + document;
        this.known.set(key, (this.known.get(key) ?? 0) + times);
      }
    };
    for (const [document, text] of texts.entries())
      add(document, text.slice(0, 20_000), Number.POSITIVE_INFINITY);
    for (const { text, documents } of answers) for (const document of documents) add(document, text, 1);
    const frequency = new Float64Array(this.words.size);
    for (const key of this.known.keys()) frequency[Math.floor(key / texts.length)]!++;
    this.idf = Array.from(frequency, (count) => Math.log(1 + texts.length / count));
  }

  /** @param isLabelled whether the query is one of the document's own training queries */
  of(query: string, document: number, isLabelled: boolean): number {
    let [covered, all] = [0, 0];
    for (const word of new Set(tokensOf(query))) {
      const number = this.words.get(word);
      const weight = number === undefined ? Math.log(1 + this.texts.length) : this.idf[number]!;
      all += weight;
      const times = number === undefined ? 0 : (this.known.get(number * this.texts.length + document) ?? 0);
      if (times > (isLabelled ? 1 : 0)) covered += weight;
    }
    return all === 0 ? 0 : covered / all;
  }

  private wordOf(word: string): number {
    let number = this.words.get(word);
    if (number === undefined) this.words.set(word, (number = this.words.size));
    return number;
  }
}

export function tokensOf(text: string): string[] {
  return unicodeTokens(text.toLowerCase());
}
