import { encodeAll } from "../encoders/encode-all.js";
import type { Encoder } from "../encoders/encoder.js";
import type { EvaluationSet, Pool, Row } from "../experiment/evaluation-set.js";
import { takeRows } from "../features/batch.js";
import { UserError } from "../files/user-error.js";
import { exactSearch } from "../retrieval/indexes/exact-search.js";
import type { Ranked, Retriever } from "../retrieval/retrievers/retriever.js";
import { type EvaluatorOptions, resolveRetrieval } from "./evaluate-retrieval.js";

/** Data that are vectorised already as an evaluation set: rows hold nothing but their ids. */
export interface LabelledSet {
  set: EvaluationSet;
  options: EvaluatorOptions;
}

/** @throws RangeError as evaluateRetrieval */
export function labelledSet(name: string, options: EvaluatorOptions): LabelledSet {
  const { queryIds, indexIds, relevant } = resolveRetrieval(options);
  const at = new Map(indexIds.map((id, index) => [id, index]));
  const kept = queryIds.flatMap((id, q) => {
    const rows = [...relevant[q]!].map((each) => at.get(each)!);
    const query = {
      id,
      fields: { id },
      relevant: new Set(rows),
      grades: new Map(rows.map((row) => [row, 1])),
    };
    return rows.length === 0 ? [] : [query];
  });
  return {
    options,
    set: {
      name,
      pool: { items: indexIds.map((id) => ({ id })), ids: indexIds },
      queries: kept,
      missingDocuments: 0,
      skippedQueries: queryIds.length - kept.length,
    },
  };
}

/** Exhaustive search over sets of vectorised data; `retrieve` answers queries of the set whose pool was indexed last. */
export class LabelledRetriever implements Retriever {
  private current: { set: LabelledSet; documents: Float32Array; rowOf: Map<string, number> } | null = null;

  constructor(
    private readonly sets: readonly LabelledSet[],
    private readonly encoder: Encoder,
  ) {}

  async index(pool: Pool): Promise<void> {
    const set = this.sets.find((each) => each.set.pool === pool);
    if (!set) throw new UserError("LabelledRetriever.index: pool must be of one of its sets, got another");
    const { queryData, indexData = queryData, indexSide = "document" } = set.options;
    const rowOf = new Map(resolveRetrieval(set.options).queryIds.map((id, row) => [id, row]));
    this.current = { set, documents: encodeAll(this.encoder, indexData.items, indexSide), rowOf };
  }

  async retrieve(queries: readonly Row[], k: number): Promise<Ranked[]> {
    if (!this.current)
      throw new UserError("LabelledRetriever.retrieve: index(pool) must be called first, got no pool");
    const { set, documents, rowOf } = this.current;
    const { queryData, querySide = "query", excludeSelf = true, distance = "cosine" } = set.options;
    const rows = queries.map(({ id }) => rowOf.get(id!)!);
    const { ids: poolIds } = set.set.pool;
    const depth = Math.min(k + (excludeSelf ? 1 : 0), poolIds.length);
    const { ids, scores } = exactSearch({
      documents,
      queries: encodeAll(this.encoder, takeRows(queryData.items, rows), querySide),
      dim: this.encoder.outputDim,
      k: depth,
      metric: distance === "cosine" ? "cosine" : "euclidean",
    });
    return queries.map(({ id }, q) => {
      const found = Array.from({ length: depth }, (_, i) => q * depth + i)
        .filter((slot) => ids[slot]! >= 0 && !(excludeSelf && poolIds[ids[slot]!] === id))
        .slice(0, k);
      return { ids: found.map((slot) => ids[slot]!), scores: found.map((slot) => scores[slot]!) };
    });
  }
}
