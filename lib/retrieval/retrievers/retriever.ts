import type { Pool, Row } from "../../experiment/evaluation-set.js";

/** Anything that orders the documents of a pool for queries: an encoder with an index, or BM25. */
export interface Retriever {
  /** Makes the pool searchable; called once per pool, before {@link retrieve}. */
  index(pool: Pool): Promise<void>;
  /** The best documents of each query, best first. A result may be shorter than k; ids are indices into the pool. */
  retrieve(queries: readonly Row[], k: number): Promise<Ranked[]>;
}

export interface Ranked {
  ids: ArrayLike<number>;
  scores: ArrayLike<number>;
}
