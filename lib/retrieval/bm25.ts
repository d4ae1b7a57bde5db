import { TopK } from "./top-k.js";

export interface Bm25Options {
  /** Saturation of term frequency, ≥ 0. Default 1.2. */
  k1?: number;
  /** Length normalisation in [0, 1]. Default 0.75. */
  b?: number;
  variant?: "lucene";
}

/**
 * BM25 over an inverted index in typed arrays, Lucene's form:
 * score(q, d) = Σ over tokens t of q of ln(1 + (N − df + ½)/(df + ½)) · tf / (tf + k1 (1 − b + b |d| / avg|d|))
 *
 * A token repeated in the query counts as often as it occurs. Lengths are exact (Lucene stores them in one lossy byte).
 *
 * @see Robertson & Zaragoza 2009, doi:10.1561/1500000019; the constant factor k1 + 1 is left out as in Lucene 8
 */
export class Bm25Index {
  private readonly accumulator: Float64Array;
  private readonly touched: Int32Array;

  private constructor(
    readonly documentCount: number,
    private readonly termIds: ReadonlyMap<string, number>,
    /** postings of term t are offsets[t] … offsets[t + 1] */
    private readonly offsets: Uint32Array,
    private readonly postings: Int32Array,
    /** what one occurrence of the term in the query adds to the score of postings[i] */
    private readonly impacts: Float64Array,
  ) {
    this.accumulator = new Float64Array(documentCount);
    this.touched = new Int32Array(documentCount);
  }

  /** @param documents  the tokens of each document; the position is the document's index */
  static build(documents: readonly (readonly string[])[], options: Bm25Options = {}): Bm25Index {
    const { k1 = 1.2, b = 0.75 } = options;
    if (!(k1 >= 0 && k1 < Infinity)) throw new RangeError(`Bm25Index.build: k1 must be ≥ 0, got ${k1}`);
    if (!(b >= 0 && b <= 1)) throw new RangeError(`Bm25Index.build: b must be in [0, 1], got ${b}`);
    const termIds = new Map<string, number>();
    const frequencies: number[] = [];
    const perDocument: Map<number, number>[] = [];
    let totalLength = 0;
    for (const tokens of documents) {
      const counts = new Map<number, number>();
      totalLength += tokens.length;
      for (const token of tokens) {
        let id = termIds.get(token);
        if (id === undefined) {
          id = termIds.size;
          termIds.set(token, id);
          frequencies.push(0);
        }
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      for (const id of counts.keys()) frequencies[id]!++;
      perDocument.push(counts);
    }
    const offsets = new Uint32Array(frequencies.length + 1);
    for (let t = 0; t < frequencies.length; t++) offsets[t + 1] = offsets[t]! + frequencies[t]!;
    const next = offsets.slice();
    const postings = new Int32Array(offsets[frequencies.length]!);
    const impacts = new Float64Array(postings.length);
    const average = totalLength / documents.length;
    perDocument.forEach((counts, d) => {
      const norm = k1 * (1 - b + (b * documents[d]!.length) / average);
      for (const [t, tf] of counts) {
        const df = frequencies[t]!;
        const at = next[t]!++;
        postings[at] = d;
        impacts[at] = (Math.log(1 + (documents.length - df + 0.5) / (df + 0.5)) * tf) / (tf + norm);
      }
    });
    return new Bm25Index(documents.length, termIds, offsets, postings, impacts);
  }

  /**
   * The best k documents with a score above 0, best first, ties to the lower index; fewer than k if fewer match.
   * Unknown tokens add nothing.
   */
  search(tokens: readonly string[], k: number): { ids: Int32Array; scores: Float32Array } {
    const top = new TopK(k);
    const accumulator = this.accumulator;
    const touched = this.touched;
    let count = 0;
    for (const token of tokens) {
      const term = this.termIds.get(token);
      if (term === undefined) continue;
      const end = this.offsets[term + 1]!;
      for (let i = this.offsets[term]!; i < end; i++) {
        const d = this.postings[i]!;
        if (accumulator[d] === 0) touched[count++] = d;
        accumulator[d]! += this.impacts[i]!;
      }
    }
    for (let i = 0; i < count; i++) {
      const d = touched[i]!;
      top.offer(d, accumulator[d]!);
      accumulator[d] = 0;
    }
    const ids = new Int32Array(k);
    const scores = new Float32Array(k);
    const kept = top.drainInto(ids, scores, 0);
    return { ids: ids.subarray(0, kept), scores: scores.subarray(0, kept) };
  }
}
