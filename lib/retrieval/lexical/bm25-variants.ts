/** What a variant needs to know of a term, a document and the collection. */
export interface Bm25Statistics {
  /** N: documents in the collection */
  documents: number;
  /** documents that hold the term */
  documentFrequency: number;
  /** occurrences of the term in the document, at least 1 */
  termFrequency: number;
  /** 1 − b + b · |d| / mean |d| */
  lengthFactor: number;
  k1: number;
  delta: number;
}

interface Bm25Variant {
  /** Lower bound on what an occurring term adds, where the variant has one; its usual value. */
  delta: number | null;
  /** What one occurrence of the term in the query adds to the document's score; never negative. */
  weight(s: Bm25Statistics): number;
}

/** tf (k1 + 1) / (tf + k1 · lengthFactor) */
function saturated(tf: number, { k1, lengthFactor }: Bm25Statistics): number {
  return (tf * (k1 + 1)) / (tf + k1 * lengthFactor);
}

/**
 * BM25 by its names. N documents, df of them with the term, tf occurrences in the document, L = 1 − b + b |d| / mean |d|:
 *
 * - lucene: ln(1 + (N − df + ½)/(df + ½)) · tf / (tf + k1 L), as Lucene 8 and later
 * - robertson: max(0, ln((N − df + ½)/(df + ½))) · tf / (tf + k1 L); terms in half of the documents or more add nothing
 * - atire: ln(N / df) · tf (k1 + 1) / (tf + k1 L)
 * - bm25+: ln((N + 1)/df) · (tf (k1 + 1)/(tf + k1 L) + δ), δ = 1
 * - bm25l: ln((N + 1)/(df + ½)) · (k1 + 1)(c + δ)/(k1 + c + δ), c = tf / L, δ = ½
 *
 * Sums run over the query's terms that the document has, as in the papers. The library bm25s lets bm25+ and bm25l score
 * documents for terms they lack (with tf = 0), which takes the lower bound's effect away again.
 *
 * @see Kamphuis et al. 2020, doi:10.1007/978-3-030-45442-5_4; Lv & Zhai 2011, doi:10.1145/2063576.2063584 (bm25+),
 *   doi:10.1145/2009916.2010070 (bm25l)
 */
export const bm25Variants = {
  lucene: {
    delta: null,
    weight: (s) =>
      (Math.log(1 + (s.documents - s.documentFrequency + 0.5) / (s.documentFrequency + 0.5)) *
        s.termFrequency) /
      (s.termFrequency + s.k1 * s.lengthFactor),
  },
  robertson: {
    delta: null,
    weight: (s) =>
      (Math.max(0, Math.log((s.documents - s.documentFrequency + 0.5) / (s.documentFrequency + 0.5))) *
        s.termFrequency) /
      (s.termFrequency + s.k1 * s.lengthFactor),
  },
  atire: {
    delta: null,
    weight: (s) => Math.log(s.documents / s.documentFrequency) * saturated(s.termFrequency, s),
  },
  "bm25+": {
    delta: 1,
    weight: (s) =>
      Math.log((s.documents + 1) / s.documentFrequency) * (saturated(s.termFrequency, s) + s.delta),
  },
  bm25l: {
    delta: 0.5,
    weight: (s) => {
      const c = s.termFrequency / s.lengthFactor + s.delta;
      return (Math.log((s.documents + 1) / (s.documentFrequency + 0.5)) * (s.k1 + 1) * c) / (s.k1 + c);
    },
  },
} satisfies Record<string, Bm25Variant>;

export type Bm25VariantName = keyof typeof bm25Variants;

export const bm25VariantNames = Object.keys(bm25Variants) as Bm25VariantName[];
