import type { Random } from "../engine/random/random.js";
import { type FeatureBatch, takeRows } from "../features/batch.js";
import type { FeaturePipeline } from "../features/feature-pipeline.js";

/**
 * Training pairs, vectorised once. Equal queries and equal documents are stored once, so `queryOf` and `documentOf`
 * also say which rows of a batch are the same query or document.
 */
export interface PairSet {
  queries: FeatureBatch;
  documents: FeatureBatch;
  /** [pairs] row of queries */
  queryOf: Int32Array;
  /** [pairs] row of documents */
  documentOf: Int32Array;
  /** [pairs] grade of the document for the query, where judgements are graded. */
  grades?: Float32Array;
  /** The distinct queries as read, for those who change their texts. */
  queryRows?: readonly Readonly<Record<string, string>>[];
  /** The distinct documents as read. */
  documentRows?: readonly Readonly<Record<string, string>>[];
  /** [pairs] row of `queries` that is embedded, where it is not the query itself but a misspelling of it. */
  queryRowOf?: Int32Array;
  /** What is known of documents that are no positives, by row of queries. */
  verdicts?: Verdicts;
  /** Batches also carry their queries misspelled (row `misspelledAt` + query) and clean. */
  teaching?: { misspelledAt: number } | null;
}

/** What judgements and suspicions say of documents that are no positives. */
export interface Verdicts {
  /** Query → documents judged not relevant to it. */
  notRelevant: ReadonlyMap<number, ReadonlySet<number>>;
  /** File of suspects → query → documents that may well be relevant to it. */
  suspects: Readonly<Record<string, ReadonlyMap<number, ReadonlySet<number>>>>;
}

/**
 * @param further  documents without a pair, which may be negatives
 * @param columns  equally long columns of text, as read from the training part-files
 * @param names    the columns of each side
 */
export function buildPairs(
  columns: Record<string, readonly string[]>,
  names: { query: readonly string[]; document: readonly string[] },
  features: { query: FeaturePipeline; document: FeaturePipeline },
  further: readonly Readonly<Record<string, string>>[] = [],
): PairSet {
  const count = columns[names.query[0]!]!.length;
  const query = distinctRows(columns, names.query, count);
  const document = distinctRows(columns, names.document, count);
  if (further.length > 0) appendRows(document, names.document, further);
  return {
    queries: features.query.encode(query.rows),
    documents: features.document.encode(document.rows),
    queryOf: query.rowOf,
    documentOf: document.rowOf,
    queryRows: query.rows,
    documentRows: document.rows,
  };
}

/** What tells rows apart. */
export function rowKey(row: Readonly<Record<string, string>>, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => row[name]));
}

function appendRows(
  { rows }: { rows: Record<string, string>[] },
  names: readonly string[],
  further: readonly Readonly<Record<string, string>>[],
): void {
  const known = new Set(rows.map((row) => rowKey(row, names)));
  for (const row of further) {
    const key = rowKey(row, names);
    if (!known.has(key)) rows.push(Object.fromEntries(names.map((name) => [name, row[name]!])));
    known.add(key);
  }
}

function distinctRows(columns: Record<string, readonly string[]>, names: readonly string[], count: number) {
  const rowOf = new Int32Array(count);
  const seen = new Map<string, number>();
  const rows: Record<string, string>[] = [];
  const used = names.map((name) => columns[name]!);
  for (let i = 0; i < count; i++) {
    const key = used.length === 1 ? used[0]![i]! : JSON.stringify(used.map((column) => column[i]));
    let row = seen.get(key);
    if (row === undefined) {
      row = rows.length;
      seen.set(key, row);
      rows.push(Object.fromEntries(names.map((name, j) => [name, used[j]![i]!])));
    }
    rowOf[i] = row;
  }
  return { rows, rowOf };
}

/** B aligned pairs: row i of `documents` is the positive of row i of `queries`. */
export interface PairBatch {
  /** B rows; with self-teaching or contrastive alignment 3 B: those trained on, the same queries misspelled, and clean */
  queries: FeatureBatch;
  documents: FeatureBatch;
  /** Identity of each row: equal numbers are the same query or document. */
  queryIds: Int32Array;
  documentIds: Int32Array;
}

/** The batch made of the pairs numbered `order[start … end)`. */
export function pairBatch(pairs: PairSet, order: Int32Array, start: number, end: number): PairBatch {
  const queryIds = order.slice(start, end).map((pair) => pairs.queryOf[pair]!);
  const documentIds = order.slice(start, end).map((pair) => pairs.documentOf[pair]!);
  return {
    queries: takeRows(pairs.queries, embeddedRows(pairs, order, start, end, queryIds)),
    documents: takeRows(pairs.documents, documentIds),
    queryIds,
    documentIds,
  };
}

function embeddedRows(
  { queryRowOf, teaching }: PairSet,
  order: Int32Array,
  start: number,
  end: number,
  queryIds: Int32Array,
): ArrayLike<number> {
  const rows = queryRowOf ? order.slice(start, end).map((pair) => queryRowOf[pair]!) : queryIds;
  if (!teaching) return rows;
  return [...rows, ...queryIds.map((query) => teaching.misspelledAt + query), ...queryIds];
}

/** The order in which an epoch visits the pairs: as stored, or shuffled by `random`. */
export function epochOrder(count: number, random: Random | null): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  return random === null ? order : random.shuffle(order);
}

/**
 * Steps of an epoch; the incomplete last batch counts unless it is dropped.
 *
 * @param most pairs that an epoch visits; null = all
 */
export function stepsPerEpoch(
  count: number,
  batchSize: number,
  dropLast: boolean,
  most: number | null = null,
): number {
  const visited = Math.min(count, most ?? count);
  return dropLast ? Math.floor(visited / batchSize) : Math.ceil(visited / batchSize);
}
