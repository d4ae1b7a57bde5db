import { emptyRecord } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { judgeRanking } from "./judged-ranking.js";
import { parseMeasure } from "./measure.js";

/** Query id → document id → grade. */
export type GradedQrels = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Query id → scored documents, in any order. */
export type Run = ReadonlyMap<string, readonly ScoredDocument[]>;

export interface ScoredDocument {
  id: string;
  score: number;
}

export interface EvaluatedRun {
  /** The queries evaluated, in the order of the qrels. */
  queries: string[];
  /** Measure (canonical name) → one value per query. */
  values: Record<string, Float64Array>;
  /** Queries of the run without judgements: they count nowhere. */
  unjudgedQueries: string[];
}

export interface EvaluateOptions {
  /**
   * "judged" (default): all queries of the qrels; one that the run lacks has an empty ranking (trec_eval -c, ir_measures).
   * "relevant": of those, the ones with a grade above 0.
   * "answered": queries in both qrels and run (trec_eval's default).
   */
  queries?: "judged" | "relevant" | "answered";
}

/**
 * Every measure of every query, with trec_eval's reading of a run: see {@link rankByScore}; documents without a
 * judgement are not relevant; a query without relevant documents has the value 0.
 *
 * @param measures  names; see parseMeasure
 * @throws RangeError for an unknown measure, or a score that is NaN
 */
export function scoreRun(
  qrels: GradedQrels,
  run: Run,
  measures: readonly string[],
  options: EvaluateOptions = {},
): EvaluatedRun {
  const { queries: which = "judged" } = options;
  const parsed = measures.map(parseMeasure);
  const queries = [...qrels.keys()].filter((query) => {
    if (which === "answered") return run.has(query);
    return which === "judged" || [...qrels.get(query)!.values()].some((grade) => grade > 0);
  });
  const values: Record<string, Float64Array> = emptyRecord();
  for (const measure of parsed) values[measure.name] = new Float64Array(queries.length);
  queries.forEach((query, q) => {
    const ranking = judgeRanking(rankByScore(run.get(query) ?? [], query), qrels.get(query)!);
    for (const measure of parsed) values[measure.name]![q] = measure.compute(ranking);
  });
  return { queries, values, unjudgedQueries: [...run.keys()].filter((query) => !qrels.has(query)) };
}

/**
 * Document ids, best first, as trec_eval orders them: by score, compared in float32, then by id, the greater UTF-8 bytes
 * first. Ranks written in a run file play no part.
 *
 * So a system that gives every document the same score is ranked by id, not by the order it wrote.
 *
 * @throws RangeError for a NaN score
 */
export function rankByScore(documents: readonly ScoredDocument[], query = "?"): string[] {
  const rounded = documents.map(({ id, score }) => {
    if (Number.isNaN(score)) throw new UserError(`query ${query}: scores must be numbers, got NaN for ${id}`);
    return { id, score: Math.fround(score) };
  });
  return rounded.sort((a, b) => b.score - a.score || compareUtf8(b.id, a.id)).map(({ id }) => id);
}

/** Negative, 0 or positive as a's UTF-8 bytes come before, equal or come after b's: the order of code points. */
export function compareUtf8(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // surrogates stand for code points above all others
    const highX = x >= 0xd800 && x <= 0xdfff;
    const highY = y >= 0xd800 && y <= 0xdfff;
    return highX === highY ? x - y : highX ? 1 : -1;
  }
  return a.length - b.length;
}
