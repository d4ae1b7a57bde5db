/** What {@link filterQueries} kept, and what it left out. */
export interface FilteredQueries<Q> {
  /** Queries with at least one relevant document in the pool; `relevant` holds the distinct ids found there. */
  kept: { query: Q; relevant: string[] }[];
  /** Distinct relevant ids that the pool lacks, in order of appearance. */
  missingDocuments: string[];
  /** Number of queries left without a relevant document. */
  skippedQueries: number;
}

/**
 * Drops relevant ids that are absent from the candidate pool, then the queries left with none (specs, section 10).
 * Repeated relevant ids of a query count once.
 *
 * @param queries     any records; they are returned as they are
 * @param relevantOf  the relevant document ids of a query
 * @param pool        anything that knows the pool's document ids: a Set or a Map keyed by id
 */
export function filterQueries<Q>(
  queries: readonly Q[],
  relevantOf: (query: Q) => readonly string[],
  pool: { has(id: string): boolean },
): FilteredQueries<Q> {
  const kept: { query: Q; relevant: string[] }[] = [];
  const missing = new Set<string>();
  for (const query of queries) {
    const relevant = new Set<string>();
    for (const id of relevantOf(query)) {
      if (pool.has(id)) relevant.add(id);
      else missing.add(id);
    }
    if (relevant.size > 0) kept.push({ query, relevant: [...relevant] });
  }
  return { kept, missingDocuments: [...missing], skippedQueries: queries.length - kept.length };
}
