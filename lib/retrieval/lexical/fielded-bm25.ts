import { UserError } from "../../files/user-error.js";
import { checkSearch, isKept, keepBits, type SearchOptions } from "../indexes/search-options.js";
import { TopK } from "../indexes/top-k.js";
import { Bm25Index, type Bm25Options } from "./bm25.js";

/** One field of every document: its tokens, the position is the document's index, and the weight of its score. */
export interface Bm25Field {
  tokens: Iterable<readonly string[]>;
  /** > 0 */
  weight: number;
}

/**
 * BM25 over several fields: the weighted sum of a BM25 score per field, each with its own lengths and document
 * frequencies, so that a word of a short title counts for more than the same word in a long list.
 *
 * score(d) = Σ over fields f of w_f · BM25_f(d)
 *
 * Other than BM25F, term frequencies are saturated field by field: a word in two fields counts in both.
 *
 * @see Robertson, Zaragoza & Taylor 2004, doi:10.1145/1031171.1031181, which argues for BM25F against this sum
 */
export class FieldedBm25Index {
  private readonly sums: Float64Array;
  private readonly touched: Int32Array;

  private constructor(private readonly fields: readonly { index: Bm25Index; weight: number }[]) {
    const { documentCount } = fields[0]!.index;
    this.sums = new Float64Array(documentCount);
    this.touched = new Int32Array(documentCount);
  }

  /** @throws RangeError without fields, for weights that are not above 0 and for fields of unequal numbers of documents */
  static build(fields: readonly Bm25Field[], options: Bm25Options = {}): FieldedBm25Index {
    if (fields.length === 0) throw new UserError("FieldedBm25Index.build: fields must not be empty, got 0");
    const built = fields.map(({ tokens, weight }) => {
      if (!(weight > 0 && weight < Infinity))
        throw new UserError(`FieldedBm25Index.build: weight must be > 0, got ${weight}`);
      return { index: Bm25Index.build(tokens, options), weight };
    });
    const counts = built.map(({ index }) => index.documentCount);
    if (counts.some((count) => count !== counts[0]))
      throw new UserError(
        `FieldedBm25Index.build: fields must have equally many documents, got ${counts.join(", ")}`,
      );
    return new FieldedBm25Index(built);
  }

  /** As Bm25Index.search: the best k documents with a score above 0, best first, ties to the lower index; same filters. */
  search(
    tokens: readonly string[],
    k: number,
    filter: Pick<SearchOptions, "keep" | "exclude"> = {},
  ): { ids: Int32Array; scores: Float32Array } {
    checkSearch("FieldedBm25Index.search", k, 1, filter);
    const bits = keepBits("FieldedBm25Index.search", this.sums.length, filter);
    const sums = this.sums;
    const touched = this.touched;
    let count = 0;
    for (const { index, weight } of this.fields)
      count = index.addScores(tokens, weight, sums, touched, count);
    const top = new TopK(k);
    for (let i = 0; i < count; i++) {
      const document = touched[i]!;
      if (isKept(bits, document)) top.offer(document, sums[document]!);
      sums[document] = 0;
    }
    const ids = new Int32Array(k);
    const scores = new Float32Array(k);
    const kept = top.drainInto(ids, scores, 0);
    return { ids: ids.subarray(0, kept), scores: scores.subarray(0, kept) };
  }

  /** What one occurrence of a token in a query adds to a document's score, over all fields. */
  weightOf(token: string, document: number): number {
    return this.fields.reduce((sum, { index, weight }) => sum + weight * index.weightOf(token, document), 0);
  }
}
