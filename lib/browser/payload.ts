import type { VectorizerSpec } from "../experiment/stream/stream-vectorizer.js";
import type { FeatureDeclaration } from "../features/feature-pipeline.js";
import type { RowStorage } from "../files/rounded-rows.js";
import type { Bm25Options } from "../retrieval/lexical/bm25.js";
import type { Bm25Analysis } from "../retrieval/lexical/bm25-analysis.js";
import type { CleaningName } from "../tokenizer/text-cleaning.js";

/** Where bytes lie in a page's one array of bytes; multiples of 4. */
export type Span = readonly [from: number, bytes: number];

/** Documents that everything in a page speaks of; all lists by their position in the pool. */
export interface PackedCorpus {
  ids: string[];
  names: string[];
  /** characters that picture a document; absent: none */
  glyphs?: string[];
  /** addresses of small pictures, "" where a document has none; absent: none */
  pictures?: string[];
  /** other columns by name: what systems read and what a map is coloured by */
  columns: Record<string, string[]>;
}

/** Whole numbers with a scale a row: value = step · scale in float32. Above 8 bits low bytes come first, then high ones. */
export interface PackedSteps {
  bits: number;
  steps: Span;
  scales: Span;
}

/** A table of embeddings. */
export interface PackedTable {
  rows: number;
  dim: number;
  /** number of rows that are stored; the others are drawn again, as training drew them */
  count: number;
  /** ids of the stored rows as gaps, 7 bits a byte, lowest first; null: all of them */
  gaps: Span | null;
  values: PackedSteps;
  drawn: { seed: number; label: string; storage: RowStorage } | null;
}

/** One side of an encoder: a bag of rows under linear layers. */
export interface PackedSide {
  feature: FeatureDeclaration;
  table: string;
  /** a number per row, float32; null where all rows count alike */
  weights: Span | null;
  layers: { width: number; weight: Span; bias: Span; relu: boolean }[];
}

/** An encoder with its documents. */
export interface PackedDense {
  kind: "dense";
  name: string;
  similarity: "cosine" | "dot";
  /** dictionary: tokens by id from 1 on, one a line */
  vectorizer: Omit<VectorizerSpec, "dictionary"> & { dictionary: string };
  tables: Record<string, PackedTable>;
  query: PackedSide;
  /** null: the side is no bag of text; then there is an index */
  document: PackedSide | null;
  dim: number;
  /** embeddings of the documents; null: encoded from their texts when the page opens */
  index: PackedSteps | null;
  /** how the page's numbers were rounded, and how many of some queries rank as in Node; for readers */
  fidelity: string;
}

/** A lexical system. */
export interface PackedLexical {
  kind: "bm25";
  name: string;
  /** columns joined by spaces, and the weight of their score */
  fields: { columns: string[]; weight: number }[];
  options: Pick<Bm25Options, "k1" | "b" | "variant" | "delta">;
  analysis: Bm25Analysis;
  cleaning: CleaningName;
  fidelity: string;
}

export type PackedSystem = PackedDense | PackedLexical;

/** What the search box of a page has to know. */
export interface PackedSearch {
  systems: PackedSystem[];
  /** systems that are not in the page, and why */
  left: { name: string; why: string }[];
  examples: string[];
  /** bytes that systems and documents take in the page */
  size: number;
}

/** A map of documents and queries in the plane. */
export interface PackedLayout {
  name: string;
  /** [documents + queries, 2], 16 bits over the layout's own square; see PayloadWriter.addPoints */
  points: Span;
  /** how it was made and how far to trust it */
  statement: string;
}

/** What one run's model makes of documents and queries. */
export interface PackedMapRun {
  name: string;
  layouts: PackedLayout[];
  /** [documents + queries, width] nearest documents in the model's space, best first, −1 where there are fewer */
  neighbours: { width: number; ids: Span } | null;
  /** values by name, float32 [documents + queries]; NaN where there is none */
  values: Record<string, Span>;
}

/** Maps of the same documents and queries by several runs. */
export interface PackedMap {
  queries: {
    texts: string[];
    /** the first relevant document of each */
    relevant: number[];
    slices: Record<string, string[]>;
  };
  runs: PackedMapRun[];
  /** columns of the corpus that colour it, numbers and categories alike */
  columns: string[];
  palette: readonly string[];
}

/** What all systems answered to the queries of one set at one typo probability. */
export interface PackedAnswers {
  typo: number;
  /** as they were asked */
  texts: string[];
  systems: {
    /** measure → float32 [queries], NaN where there is none */
    values: Record<string, Span>;
    /** int32 [queries, depth] documents, best first, −1 beyond what was kept; null: not in the page */
    top: Span | null;
  }[];
}

/** An evaluation set with the answers of all systems. */
export interface PackedQuerySet {
  name: string;
  /** queries in the set; a page has the first of them where they are very many */
  size: number;
  /** division → the slice of every query, "" where it has none */
  slices: Record<string, string[]>;
  /** int32: relevant documents of all queries one after the other, and where each query's begin [queries + 1] */
  relevant: { ids: Span; offsets: Span };
  answers: PackedAnswers[];
}

/** All evaluation queries. */
export interface PackedQueries {
  systems: string[];
  measures: string[];
  depth: number;
  sets: PackedQuerySet[];
  /** systems that are compared at first */
  compared: [a: number, b: number];
}

/** The data of a page; numbers lie in an array of bytes beside it. */
export interface Payload {
  corpus: PackedCorpus;
  search?: PackedSearch;
  map?: PackedMap;
  queries?: PackedQueries;
}
