import type { EvaluationSet, PoolQuery, Row } from "../experiment/evaluation-set.js";
import { emptyRecord } from "../files/own-entry.js";
import { judgeRanking } from "../metrics/judged-ranking.js";
import { type Measure, parseMeasure } from "../metrics/measure.js";
import type { RankedList } from "../retrieval/fusion/rank-fusion.js";
import type { QueryResult } from "../tracking/run-folder.js";

export interface ScoreOptions {
  /** Cut-offs of Recall and MRR. */
  ks: readonly number[];
  measures: readonly Measure[];
  /** Typo probability that the query was misspelled with. */
  typo: number;
  /** Columns of the row that are the query's text. */
  textColumns: readonly string[];
  /** Whether the set's judgements have several grades: then the line holds them. */
  graded?: boolean;
  /** Results kept, best first. */
  kept: number;
}

/**
 * One query's line of queries.jsonl.gz: its measures and the first results.
 *
 * @param row      the query as it was asked
 * @param ranking  indices into the set's pool, best first; −1: empty slot
 */
export function scoreQuery(
  set: EvaluationSet,
  query: PoolQuery,
  row: Row,
  ranking: RankedList,
  options: ScoreOptions,
): QueryResult {
  const { ks, measures, typo, textColumns, kept, graded = false } = options;
  const values: Record<string, number> = emptyRecord();
  const found = Array.from(ranking.ids).filter((id) => id >= 0);
  const measure = (named: readonly Measure[], grades: ReadonlyMap<number, number>) => {
    if (named.length === 0) return;
    const judged = judgeRanking(found, grades);
    for (const { name, compute } of named) values[name] = compute(judged);
  };
  measure(measures, query.grades);
  // a relevant document is one that the set names as such, whatever grade it has
  measure(cutMeasures(ks), new Map(Array.from(query.relevant, (id) => [id, 1])));
  const top: [string, number][] = [];
  for (let i = 0; i < Math.min(kept, ranking.ids.length); i++)
    if (ranking.ids[i]! >= 0) top.push([set.pool.ids[ranking.ids[i]!]!, rounded(ranking.scores[i]!)]);
  return {
    set: set.name,
    typo,
    id: query.id,
    query: textColumns.map((column) => row[column]).join(" "),
    ...(query.slice === undefined ? {} : { slice: query.slice }),
    relevant: [...query.relevant].map((index) => set.pool.ids[index]!).sort(),
    ...(graded && { grades: gradesById(set, query) }),
    top,
    values,
  };
}

/** Grades by document id, in the order of ids. */
function gradesById(set: EvaluationSet, { grades }: PoolQuery): Record<string, number> {
  const named = Array.from(grades, ([index, grade]) => [set.pool.ids[index]!, grade] as const);
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const parsed = new Map<string, Measure>();

/** Recall and MRR at every cut-off. */
function cutMeasures(ks: readonly number[]): Measure[] {
  return ks.flatMap((k) =>
    [`Recall@${k}`, `MRR@${k}`].map((name) => {
      const known = parsed.get(name) ?? parseMeasure(name);
      parsed.set(name, known);
      return known;
    }),
  );
}

/** Six significant digits: enough to compare, half the file. */
function rounded(score: number): number {
  return Number(score.toPrecision(6));
}
