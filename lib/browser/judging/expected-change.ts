import type { ExpectedGrade } from "./grade-expectation.js";
import type { QueryPool } from "./query-pool.js";

/** What is expected of a query before its documents are judged. */
export interface ExpectedChange {
  /** Each system's difference from the first, with the expected grades. */
  guess: number[];
  /** Documents with their expected grades, the one first whose label is expected to change the differences most. */
  documents: { document: number; grade: number }[];
  /** By how much each does, √E[Δ²] over the differences that are counted, falling. */
  changes: number[];
  /** E[Δ²] of each difference by each document, in their order. */
  squares: number[][];
}

/**
 * What the label of each document is expected to change, the others having their expected grades.
 *
 * @param grades  of all documents of the pool
 * @param counts  of each difference, whether it is still to be found out
 */
export function expectedChange(
  pool: QueryPool,
  grades: readonly ExpectedGrade[],
  known: ReadonlyMap<number, number>,
  counts: readonly boolean[],
): ExpectedChange {
  const current = Float64Array.from(
    pool.whole,
    (document, place) => known.get(document) ?? grades[place]!.mean,
  );
  const guess = pool.differences(current);
  const rows = pool.documents.map((document) => {
    const place = pool.place(document);
    const { chance, above, mean } = grades[place]!;
    current[place] = 0;
    const without = pool.differences(current);
    current[place] = above;
    const having = pool.differences(current);
    current[place] = mean;
    const squares = guess.map((value, s) => {
      const [down, up] = [without[s]! - value, having[s]! - value];
      return (1 - chance) * down * down + chance * up * up;
    });
    const change = Math.sqrt(squares.reduce((sum, square, s) => sum + (counts[s] ? square : 0), 0));
    return { document, grade: mean, change, squares };
  });
  rows.sort((a, b) => b.change - a.change);
  return {
    guess,
    documents: rows.map(({ document, grade }) => ({ document, grade })),
    changes: rows.map(({ change }) => change),
    squares: rows.map(({ squares }) => squares),
  };
}
