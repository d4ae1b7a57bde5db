import { encodeAll } from "../encoders/encode-all.js";
import type { Encoder } from "../encoders/encoder.js";
import type { FeatureBatch } from "../features/batch.js";
import { UserError } from "../files/user-error.js";
import { type FinetunerMeasures, finetunerMeasures } from "../metrics/finetuner-measures.js";
import { exactSearch } from "../retrieval/indexes/exact-search.js";

export interface RetrievalData {
  items: FeatureBatch;
  /** ids, compared for `excludeSelf`; default: positions */
  ids?: readonly string[];
  /** class data: items of the same label are relevant */
  labels?: Int32Array;
  /** session data: ids of each query's relevant index items */
  relevant?: readonly (readonly string[])[];
}

export interface EvaluatorOptions {
  queryData: RetrievalData;
  /** default: the queries */
  indexData?: RetrievalData;
  /** results looked at (default 20) */
  limit?: number;
  /** the query's own id is removed before the limit is applied (default true) */
  excludeSelf?: boolean;
  distance?: "cosine" | "euclidean" | "sqeuclidean";
  /** tower of queries and of the index (default "query" and "document") */
  querySide?: "query" | "document";
  indexSide?: "query" | "document";
}

/** Means over queries, and each query's measures in order. */
export interface Evaluated {
  means: Record<keyof FinetunerMeasures, number>;
  perQuery: FinetunerMeasures[];
  /** ids found for each query, best first */
  found: string[][];
}

/**
 * Searches the index for each query and measures what is found, as the fine-tuner's Evaluator did; its measures differ from
 * trec_eval's, see finetunerMeasures. Squared distances rank as distances do.
 *
 * @throws RangeError for data without labels or relevant ids, or with a relevant id that the index lacks
 */
export function evaluateRetrieval(
  options: EvaluatorOptions,
  queryModel: Encoder,
  indexModel: Encoder = queryModel,
): Evaluated {
  const { queryData, limit = 20, excludeSelf = true, distance = "cosine" } = options;
  const { querySide = "query", indexSide = "document" } = options;
  if (!Number.isInteger(limit) || limit < 1)
    throw new UserError(`evaluateRetrieval: limit must be a positive integer, got ${limit}`);
  const { indexData, indexIds, queryIds, relevant } = resolveRetrieval(options);
  const documents = encodeAll(indexModel, indexData.items, indexSide);
  const queries = encodeAll(queryModel, queryData.items, querySide);
  const k = limit + (excludeSelf ? 1 : 0);
  const { ids } = exactSearch({
    documents,
    queries,
    dim: indexModel.outputDim,
    k,
    metric: distance === "cosine" ? "cosine" : "euclidean",
  });
  const found = queryIds.map((own, q) =>
    Array.from(ids.subarray(q * k, (q + 1) * k))
      .filter((id) => id >= 0)
      .map((id) => indexIds[id]!)
      .filter((id) => !excludeSelf || id !== own)
      .slice(0, limit),
  );
  const perQuery = found.map((ranked, q) =>
    finetunerMeasures(
      ranked.map((id) => (relevant[q]!.has(id) ? 1 : 0)),
      relevant[q]!.size,
    ),
  );
  const names = Object.keys(perQuery[0]!) as (keyof FinetunerMeasures)[];
  const means = Object.fromEntries(
    names.map((name) => [name, perQuery.reduce((sum, one) => sum + one[name], 0) / perQuery.length]),
  ) as Record<keyof FinetunerMeasures, number>;
  return { means, perQuery, found };
}

/** Ids on both sides, and those of each query's relevant documents. */
export function resolveRetrieval({
  queryData,
  indexData = queryData,
  excludeSelf = true,
}: EvaluatorOptions): {
  indexData: RetrievalData;
  queryIds: string[];
  indexIds: string[];
  relevant: Set<string>[];
} {
  const [queryIds, indexIds] = [idsOf(queryData), idsOf(indexData)];
  const relevant = relevantOf(queryData, indexData, queryIds, indexIds, excludeSelf);
  return { indexData, queryIds, indexIds, relevant };
}

function idsOf({ ids, items }: RetrievalData): string[] {
  return ids ? [...ids] : Array.from({ length: items.size }, (_, i) => String(i));
}

function relevantOf(
  query: RetrievalData,
  index: RetrievalData,
  queryIds: readonly string[],
  indexIds: readonly string[],
  excludeSelf: boolean,
): Set<string>[] {
  if (query.relevant) {
    const known = new Set(indexIds);
    return query.relevant.map((ids, q) => {
      const missing = ids.find((id) => !known.has(id));
      if (missing !== undefined)
        throw new UserError(
          `evaluateRetrieval: relevant ids must be in the index, got "${missing}" of query ${queryIds[q]}`,
        );
      return new Set(ids);
    });
  }
  if (!query.labels || !index.labels)
    throw new UserError(
      "evaluateRetrieval: both sides must have labels, or the queries relevant ids, got neither",
    );
  const byLabel = new Map<number, string[]>();
  index.labels.forEach((label, i) => {
    const list = byLabel.get(label);
    if (list) list.push(indexIds[i]!);
    else byLabel.set(label, [indexIds[i]!]);
  });
  return Array.from(query.labels, (label, q) => {
    const set = new Set(byLabel.get(label) ?? []);
    if (excludeSelf) set.delete(queryIds[q]!);
    return set;
  });
}
