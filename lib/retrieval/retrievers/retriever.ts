import type { Pool, Row } from "../../experiment/evaluation-set.js";

/** Whose query is asked: texts and ids alone may be those of several. */
export interface AskedQuery {
  /** Name of the evaluation set. */
  set: string;
  id: string;
}

/** Anything that orders the documents of a pool for queries: an encoder with an index, or BM25. */
export interface Retriever {
  /** Makes the pool searchable; called once per pool, before {@link retrieve}. */
  index(pool: Pool): Promise<void>;
  /**
   * The best documents of each query, best first. A result may be shorter than k; ids are indices into the pool.
   *
   * @param asked  which queries of the data set the rows are; left out for those that are typed, and those of no set
   */
  retrieve(queries: readonly Row[], k: number, asked?: readonly AskedQuery[]): Promise<Ranked[]>;
}

export interface Ranked {
  ids: ArrayLike<number>;
  scores: ArrayLike<number>;
}
