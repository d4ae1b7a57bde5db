import { type Listener, throttled } from "../engine/progress.js";
import type { EvaluationSet, Pool } from "../experiment/evaluation-set.js";
import { checkDistinct } from "../files/check-distinct.js";
import { UserError } from "../files/user-error.js";
import { type Measure, parseMeasure } from "../metrics/measure.js";
import { metricName, withTypos } from "../metrics/metric-name.js";
import { misspelledRows } from "../retrieval/retrievers/misspelled-rows.js";
import type { Retriever } from "../retrieval/retrievers/retriever.js";
import type { QueryResult } from "../tracking/run-folder.js";
import { qwertyTypos } from "../typos/qwerty-typos.js";
import type { TypoModel } from "../typos/typo-model.js";
import { scoreQuery } from "./score-query.js";

export interface EvaluationOptions {
  sets: readonly EvaluationSet[];
  retriever: Retriever;
  /** Cut-offs; the rankings are max(k) long. */
  ks: readonly number[];
  /**
   * Further measures by name, such as "nDCG@10" or "MAP(judged)@100"; see parseMeasure. Where none is named, nDCG@10 on sets
   * whose judgements have several grades.
   */
  measures?: readonly string[];
  /** Probability of a typo per word; 0 = clean. */
  typoProbabilities: readonly number[];
  /** Query columns that are cleaned and misspelled. */
  textColumns: readonly string[];
  /** What is done to query texts before they are misspelled: cleaning, or nothing. */
  prepare: (text: string) => string;
  typos?: TypoModel;
  /** Results kept of each query. Default 20. */
  kept?: number;
  listener?: Listener;
}

export interface Evaluation {
  /** Means over queries, in the order sets × probabilities × cut-offs × measures. */
  means: { name: string; value: number }[];
  perQuery: QueryResult[];
}

/** Results kept per query in queries.jsonl.gz. */
const KEPT_RESULTS = 20;
const QUERIES_PER_SEARCH = 128;

/**
 * Recall@k and MRR@k of a system on every evaluation set, at every typo probability.
 *
 * Queries are prepared, then misspelled with a generator of their own seeded with 42 for each probability, so every
 * system meets the same misspellings. Means of the first set carry the published names (`Recall@10/typos_prob=0.5`),
 * those of the others are prefixed with the set's name.
 *
 * @see specs: 0-qdrl section 10
 */
export async function evaluate(options: EvaluationOptions): Promise<Evaluation> {
  const { sets, retriever, ks, typoProbabilities } = options;
  const evaluation: Evaluation = { means: [], perQuery: [] };
  const measures = (options.measures ?? []).map(parseMeasure);
  checkEvaluable(options);
  checkDistinct("evaluate: typo probabilities", typoProbabilities); // a second time the queries would count twice
  checkDistinct("evaluate: cut-offs", ks);
  checkDistinct(
    "evaluate: measures",
    measures.map(({ name }) => name),
  );
  checkDistinct(
    "evaluate: sets",
    sets.map(({ name }) => name),
  );
  let indexed: Pool | null = null;
  for (const [position, set] of sets.entries()) {
    if (indexed !== set.pool) await retriever.index(set.pool);
    indexed = set.pool;
    const graded = isGraded(set);
    const own = measures.length === 0 && graded ? [GRADED_MEASURE] : measures;
    const prefix = position === 0 ? "" : `${set.name}/`;
    for (const probability of typoProbabilities) {
      const results = await evaluateOnce(set, probability, options, { measures: own, graded });
      evaluation.perQuery.push(...results);
      const mean = (name: string) =>
        results.reduce((sum, result) => sum + result.values[name]!, 0) / results.length;
      const note = (name: string, value: number) => evaluation.means.push({ name: prefix + name, value });
      for (const k of ks)
        for (const measure of ["Recall", "MRR"])
          note(metricName(measure, k, probability), mean(`${measure}@${k}`));
      for (const { name } of own) note(withTypos(name, probability), mean(name));
    }
  }
  return evaluation;
}

/** What is measured besides where judgements have grades and nothing else is asked for. */
const GRADED_MEASURE = parseMeasure("nDCG@10");

/** Whether documents are relevant to different degrees. */
function isGraded({ queries }: EvaluationSet): boolean {
  const grades = new Set<number>();
  for (const query of queries) for (const grade of query.grades.values()) if (grade > 0) grades.add(grade);
  return grades.size > 1;
}

/**
 * What can be known to fail, or to change nothing, before an hour of training.
 *
 * @throws UserError for a set without a query that can be answered, and for typos in queries that have no text
 */
export function checkEvaluable({
  sets,
  textColumns,
  typoProbabilities,
}: Pick<EvaluationOptions, "sets" | "textColumns" | "typoProbabilities">): void {
  const empty = sets.find((set) => set.queries.length === 0);
  if (empty !== undefined)
    throw new UserError(`evaluate: set "${empty.name}" must hold a query with a relevant document, got none`);
  if (textColumns.length === 0 && typoProbabilities.some((probability) => probability > 0))
    throw new UserError(
      `query_typo_probabilities: must be [0] for queries without text, got [${typoProbabilities.join(", ")}]`,
    );
}

async function evaluateOnce(
  set: EvaluationSet,
  probability: number,
  options: EvaluationOptions,
  { measures, graded }: { measures: readonly Measure[]; graded: boolean },
): Promise<QueryResult[]> {
  const { retriever, ks, textColumns, prepare, typos = qwertyTypos, listener = {} } = options;
  const { kept = KEPT_RESULTS } = options;
  const rows = misspelledRows(set.queries, textColumns, probability, typos, prepare);
  const wanted = Math.max(...ks, kept, ...measures.map(({ name }) => depthOf(name)));
  const depth = Math.min(wanted, set.pool.items.length);
  const report = throttled(listener);
  // of several kinds of typo, which one
  const kind = options.typos === undefined ? "typos" : `${options.typos.name} typos`;
  const results: QueryResult[] = [];
  for (let start = 0; start < rows.length; start += QUERIES_PER_SEARCH) {
    const some = rows.slice(start, start + QUERIES_PER_SEARCH);
    const asked = some.map((_, i) => ({ set: set.name, id: set.queries[start + i]!.id }));
    const ranked = await retriever.retrieve(some, depth, asked);
    ranked.forEach((ranking, i) => {
      const query = set.queries[start + i]!;
      const judging = { ks, measures, graded, typo: probability, textColumns, kept };
      results.push(scoreQuery(set, query, rows[start + i]!, ranking, judging));
    });
    report({
      task: `search ${set.name}, ${probability === 0 ? "typos" : kind} ${probability}`,
      done: start + some.length,
      total: rows.length,
      unit: "queries",
    });
  }
  return results;
}

/** Ranks that a measure looks at: its cut-off, or enough for those without one. */
function depthOf(measure: string): number {
  return Number(/@(\d+)$/.exec(measure)?.[1] ?? 1000);
}
