import { UserError } from "../../files/user-error.js";
import {
  checkSearch,
  isKept,
  keepBits,
  type SearchOptions,
  type SearchResult,
} from "../indexes/search-options.js";
import { TopK } from "../indexes/top-k.js";
import {
  type Bm25Statistics,
  type Bm25VariantName,
  bm25VariantNames,
  bm25Variants,
} from "./bm25-variants.js";
import { invert } from "./inverted-index.js";
import type { AnalysisOptions } from "./text-analysis.js";

export interface Bm25Options {
  /** Saturation of term frequency, ≥ 0. Default 1.2. */
  k1?: number;
  /** Length normalisation in [0, 1]. Default 0.75. */
  b?: number;
  /** Formula; see bm25Variants. Default "lucene". */
  variant?: Bm25VariantName;
  /** Lower bound of bm25+ (default 1) and bm25l (default 0.5), ≥ 0. */
  delta?: number;
  /** How the tokens were made, kept with the index so that queries can be treated alike. */
  analysis?: AnalysisOptions;
}

interface Header {
  documents: number;
  k1: number;
  b: number;
  variant: Bm25VariantName;
  delta: number | null;
  analysis: AnalysisOptions | null;
}

/** An index as plain data. */
export interface Bm25Parts {
  header: Readonly<Header>;
  /** by id */
  terms: string[];
  /** postings of term t are offsets[t] … offsets[t + 1] */
  offsets: Uint32Array;
  postings: Int32Array;
  weights: Float32Array;
}

/**
 * BM25 over an inverted index in typed arrays. The weight of every (term, document) pair is worked out at building time
 * and kept in float32, so a search only adds.
 *
 * A token repeated in the query counts as often as it occurs. Lengths are exact (Lucene stores them in one lossy byte).
 *
 * @see bm25Variants for the formulas; Robertson & Zaragoza 2009, doi:10.1561/1500000019
 */
export class Bm25Index {
  private readonly sums: Float64Array;
  private readonly touched: Int32Array;

  private constructor(
    readonly header: Readonly<Header>,
    private readonly terms: ReadonlyMap<string, number>,
    /** postings of term t are offsets[t] … offsets[t + 1] */
    private readonly offsets: Uint32Array,
    private readonly postings: Int32Array,
    /** what one occurrence of the term in the query adds to the score of postings[i] */
    private readonly weights: Float32Array,
  ) {
    this.sums = new Float64Array(header.documents);
    this.touched = new Int32Array(header.documents);
  }

  /**
   * @param documents  the tokens of each document; the position is the document's index
   * @throws RangeError for an unknown variant or parameters out of range
   */
  static build(documents: Iterable<readonly string[]>, options: Bm25Options = {}): Bm25Index {
    const { k1 = 1.2, b = 0.75, variant = "lucene", analysis = null } = options;
    const formula = bm25Variants[variant];
    if (!formula)
      throw new UserError(
        `Bm25Index.build: unknown variant "${variant}"; known: ${bm25VariantNames.join(", ")}`,
      );
    const delta = options.delta ?? formula.delta;
    if (!(k1 >= 0 && k1 < Infinity)) throw new UserError(`Bm25Index.build: k1 must be ≥ 0, got ${k1}`);
    if (!(b >= 0 && b <= 1)) throw new UserError(`Bm25Index.build: b must be in [0, 1], got ${b}`);
    if (options.delta !== undefined && formula.delta === null)
      throw new UserError(
        `Bm25Index.build: delta must be left out for variant "${variant}", got ${options.delta}`,
      );
    if (delta !== null && !(delta >= 0 && delta < Infinity))
      throw new UserError(`Bm25Index.build: delta must be ≥ 0, got ${delta}`);

    const { terms, offsets, postings, frequencies, lengths } = invert(documents);
    const count = lengths.length;
    const average = lengths.reduce((sum, length) => sum + length, 0) / count;
    const weights = new Float32Array(postings.length);
    const s: Bm25Statistics = {
      documents: count,
      documentFrequency: 0,
      termFrequency: 0,
      lengthFactor: 1,
      k1,
      delta: delta ?? 0,
    };
    for (let t = 0; t + 1 < offsets.length; t++) {
      s.documentFrequency = offsets[t + 1]! - offsets[t]!;
      for (let i = offsets[t]!; i < offsets[t + 1]!; i++) {
        s.termFrequency = frequencies[i]!;
        s.lengthFactor = 1 - b + (b * lengths[postings[i]!]!) / average;
        weights[i] = formula.weight(s);
      }
    }
    return new Bm25Index(
      { documents: count, k1, b, variant, delta, analysis },
      terms,
      offsets,
      postings,
      weights,
    );
  }

  get documentCount(): number {
    return this.header.documents;
  }

  /** How the tokens were made, if it was said at building time. */
  get analysis(): AnalysisOptions | null {
    return this.header.analysis;
  }

  /**
   * The best k documents with a score above 0, best first, ties to the lower index; fewer than k if fewer match.
   * Unknown tokens add nothing. Filters leave documents out; scores count all of them, as document frequencies do.
   *
   * @throws RangeError for a filter's id that is not a document of the index, or k < 1
   */
  search(
    tokens: readonly string[],
    k: number,
    filter: Pick<SearchOptions, "keep" | "exclude"> = {},
  ): { ids: Int32Array; scores: Float32Array } {
    checkSearch("Bm25Index.search", k, 1, filter);
    const bits = keepBits("Bm25Index.search", this.documentCount, filter);
    const ids = new Int32Array(k);
    const scores = new Float32Array(k);
    const kept = this.searchInto(tokens, new TopK(k), ids, scores, 0, bits, -1);
    return { ids: ids.subarray(0, kept), scores: scores.subarray(0, kept) };
  }

  /** Many queries at once: [Q, k], −1 and −Infinity where fewer than k match. Filters and errors as in {@link search}. */
  searchAll(queries: readonly (readonly string[])[], k: number, options: SearchOptions = {}): SearchResult {
    checkSearch("Bm25Index.searchAll", k, queries.length, options);
    const bits = keepBits("Bm25Index.searchAll", this.documentCount, options);
    const top = new TopK(k);
    const ids = new Int32Array(queries.length * k);
    const scores = new Float32Array(queries.length * k);
    queries.forEach((tokens, q) => {
      this.searchInto(tokens, top, ids, scores, q * k, bits, options.excludePerQuery?.[q] ?? -1);
      if ((q + 1) % 256 === 0 || q + 1 === queries.length) options.onProgress?.(q + 1, queries.length);
    });
    return { ids, scores };
  }

  /** What the index consists of, to be kept somewhere; the arrays are the index's own. */
  parts(): Bm25Parts {
    return {
      header: this.header,
      terms: [...this.terms.keys()],
      offsets: this.offsets,
      postings: this.postings,
      weights: this.weights,
    };
  }

  static fromParts({ header, terms, offsets, postings, weights }: Bm25Parts): Bm25Index {
    return new Bm25Index(header, new Map(terms.map((term, id) => [term, id])), offsets, postings, weights);
  }

  /** What one occurrence of a token in a query adds to a document's score; 0 where the document lacks it. */
  weightOf(token: string, document: number): number {
    const term = this.terms.get(token);
    if (term === undefined) return 0;
    // postings of a term are in the order of documents
    let low = this.offsets[term]!;
    let high = this.offsets[term + 1]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.postings[middle]! < document) low = middle + 1;
      else high = middle;
    }
    const found = low < this.offsets[term + 1]! && this.postings[low] === document;
    return found ? this.weights[low]! : 0;
  }

  private searchInto(
    tokens: readonly string[],
    top: TopK,
    ids: Int32Array,
    scores: Float32Array,
    offset: number,
    bits: Uint8Array | null,
    excluded: number,
  ): number {
    const sums = this.sums;
    const touched = this.touched;
    const count = this.addScores(tokens, 1, sums, touched, 0);
    for (let i = 0; i < count; i++) {
      const d = touched[i]!;
      if (d !== excluded && isKept(bits, d)) top.offer(d, sums[d]!);
      sums[d] = 0;
    }
    return top.drainInto(ids, scores, offset);
  }

  /**
   * Adds `weight` times every matching document's score to `sums`, for those who sum over several indexes.
   *
   * @param sums     [documents]
   * @param touched  [documents]; a document whose sum was 0 is put at `count`, `count + 1`, …
   * @returns the new number of touched documents
   */
  addScores(
    tokens: readonly string[],
    weight: number,
    sums: Float64Array,
    touched: Int32Array,
    count: number,
  ): number {
    const { postings, weights } = this;
    for (const token of tokens) {
      const term = this.terms.get(token);
      if (term === undefined) continue;
      const end = this.offsets[term + 1]!;
      for (let i = this.offsets[term]!; i < end; i++) {
        const added = weight * weights[i]!;
        if (added === 0) continue;
        const d = postings[i]!;
        const sum = sums[d]!;
        if (sum === 0) touched[count++] = d;
        sums[d] = sum + added;
      }
    }
    return count;
  }
}
