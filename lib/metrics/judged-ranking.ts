/** One query's ranking seen through its judgements: all that a measure needs. */
export interface JudgedRanking {
  /** Grade at each rank, best rank first; NaN where the document is not judged. */
  grades: Float64Array;
  /** Grades of all judged documents, retrieved or not, highest first. */
  judged: Float64Array;
}

/**
 * Looks a ranking up in a query's judgements.
 *
 * A document that occurs twice counts at its first place and is left out after it. A negative grade means "not judged",
 * as in trec_eval.
 *
 * @param ranked  documents, best first
 * @param grades  document → grade; 0 is judged and not relevant
 */
export function judgeRanking<T>(ranked: Iterable<T>, grades: ReadonlyMap<T, number>): JudgedRanking {
  const found: number[] = [];
  for (const id of new Set(ranked)) {
    const grade = grades.get(id);
    found.push(grade === undefined || grade < 0 ? Number.NaN : grade);
  }
  const judged = Float64Array.from([...grades.values()].filter((grade) => grade >= 0));
  return { grades: Float64Array.from(found), judged: judged.sort().reverse() };
}

/** The ranking without its unjudged documents ("condensed list"): what the judgements say, and no more. */
export function judgedOnly(ranking: JudgedRanking): JudgedRanking {
  return { grades: ranking.grades.filter((grade) => !Number.isNaN(grade)), judged: ranking.judged };
}

/** Relevant documents in the first k ranks. */
export function countRelevant(ranking: JudgedRanking, k: number, level: number): number {
  let count = 0;
  const end = Math.min(k, ranking.grades.length);
  for (let i = 0; i < end; i++) if (ranking.grades[i]! >= level) count++;
  return count;
}

/** Judged documents that are relevant. */
export function totalRelevant(ranking: JudgedRanking, level: number): number {
  let count = 0;
  while (count < ranking.judged.length && ranking.judged[count]! >= level) count++;
  return count;
}
