import { filterQueries } from "../metrics/filter-queries.js";

export type Row = Record<string, string>;

/** The candidate documents of an evaluation set. */
export interface Pool {
  items: readonly Row[];
  /** Document ids, aligned with items. */
  ids: readonly string[];
}

/** A query kept for evaluation. */
export interface PoolQuery {
  /** From the file: the same for every system. */
  id: string;
  fields: Row;
  /** Indices into the pool. */
  relevant: ReadonlySet<number>;
  /** Judged documents of the pool with their grades, irrelevant ones too; where only relevance is known, 1 for each. */
  grades: ReadonlyMap<number, number>;
  slice?: string;
}

export interface EvaluationSet {
  name: string;
  pool: Pool;
  queries: PoolQuery[];
  /** Relevant ids that the pool lacks (counted once each). */
  missingDocuments: number;
  /** Queries left without a relevant document: how many, and which, for judgements that give them one. */
  skippedQueries: number;
  unanswerable?: readonly PoolQuery[];
}

/** Joins queries with their pool: relevant ids become indices, queries without any are left out and counted. */
export function evaluationSet(
  name: string,
  pool: Pool,
  queries: readonly {
    id: string;
    fields: Row;
    relevantIds: readonly string[];
    slice?: string;
    grades?: Readonly<Record<string, number>>;
  }[],
): EvaluationSet {
  const indexOf = new Map(pool.ids.map((id, index) => [id, index]));
  const filtered = filterQueries(queries, (query) => query.relevantIds, indexOf);
  const inPool = (query: (typeof queries)[number], relevant: readonly string[]): PoolQuery => ({
    id: query.id,
    fields: query.fields,
    relevant: new Set(relevant.map((id) => indexOf.get(id)!)),
    grades: gradesInPool(query.grades ?? Object.fromEntries(relevant.map((id) => [id, 1])), indexOf),
    ...(query.slice === undefined ? {} : { slice: query.slice }),
  });
  const answerable = new Set(filtered.kept.map(({ query }) => query));
  return {
    name,
    pool,
    queries: filtered.kept.map(({ query, relevant }) => inPool(query, relevant)),
    unanswerable: queries.filter((query) => !answerable.has(query)).map((query) => inPool(query, [])),
    missingDocuments: filtered.missingDocuments.length,
    skippedQueries: filtered.skippedQueries,
  };
}

function gradesInPool(
  grades: Readonly<Record<string, number>>,
  indexOf: ReadonlyMap<string, number>,
): Map<number, number> {
  const found = new Map<number, number>();
  for (const [id, grade] of Object.entries(grades)) {
    const index = indexOf.get(id);
    if (index !== undefined) found.set(index, grade);
  }
  return found;
}
