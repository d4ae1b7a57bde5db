/** Documents of a pool. */
export interface DocumentChunk {
  ids: readonly string[];
  texts: readonly string[];
}

/** Rows of query–document pairs, all of one part. */
export interface PairChunk {
  /** held-out part, null = training */
  part: string | null;
  queries: readonly string[];
  /** ids of documents, null = a document is known by its text */
  ids: readonly string[] | null;
  /** null = documents are those of the pool */
  texts: readonly string[] | null;
  /** grade of each row, null = every row is relevant */
  grades: ArrayLike<number> | null;
}

/** A query of an evaluation set as the census needs it to know those that have no judged document. */
export interface HeldOutQuery {
  part: string;
  id: string;
  text: string;
}

/**
 * Query–document pairs to be examined, wherever they stand. Every method can be called again and gives the same rows in the
 * same order.
 */
export interface PairSource {
  name: string;
  /** "data set", "table", "BEIR folder", … */
  kind: string;
  /** folder in the house's layout, null = something else */
  dataset: string | null;
  /** smallest grade that counts as relevant */
  minGrade: number;
  /** grade of rows where only relevance is known */
  hasGrades: boolean;
  /** names of evaluation sets and of validation */
  heldOut: readonly string[];
  documents(): AsyncIterable<DocumentChunk> | Iterable<DocumentChunk>;
  heldOutQueries(): AsyncIterable<HeldOutQuery> | Iterable<HeldOutQuery>;
  heldOutPairs(): AsyncIterable<PairChunk> | Iterable<PairChunk>;
  trainingPairs(): AsyncIterable<PairChunk> | Iterable<PairChunk>;
  /** The id of a document that the census knows by another name; absent: names are ids. */
  idOf?(name: string): string;
  /** Writes a copy without some training rows and, if wanted, with other texts; returns what was written. */
  writeMended(outDir: string, changes: MendedRows): Promise<string>;
  /** The number of rows read so far, for progress; absent where it is not known. */
  estimate?: number;
}

/** What a mended copy changes. */
export interface MendedRows {
  /** whether the n-th training row stays */
  keeps: (row: number) => boolean;
  rewrite: ((text: string) => string) | null;
  /** pairs that become training rows, query's text and document's id; only a data set folder can take them */
  adds: readonly { query: string; document: string }[];
  /** sentence for the manifest's notes */
  note: string;
}
