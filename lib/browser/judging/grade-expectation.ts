import { HIGHEST } from "./grades.js";
import type { TaskQuery } from "./judging-task.js";

/** First ranks of the groups of ranks that are taken to be alike. */
const GROUPS = [0, 1, 3, 6, 10];

/** Share of relevant documents that is expected in them before anything is known, where all systems have a document. */
const RELEVANT = [0.5, 0.35, 0.25, 0.15, 0.08];

/** Judged documents that this expectation counts as, in each group. */
const STRENGTH = 6;

/** Which of the systems have a document: all; the first and not all; others than the first. */
const KINDS = 3;

/** What a document's grade will probably be. */
export interface ExpectedGrade {
  mean: number;
  /** Chance that it is above 0, and its mean where it is. */
  chance: number;
  above: number;
}

/**
 * Which grade a document will probably get, by its best rank and by which systems have it: shares among the documents judged
 * so far, with a guess that fades as there are more.
 */
export class GradeExpectation {
  private readonly counts: number[];
  private readonly sums: number[];

  constructor() {
    const relevant = Array.from(
      { length: KINDS * GROUPS.length },
      (_, cell) => STRENGTH * RELEVANT[cell % GROUPS.length]! * (cell < GROUPS.length ? 1 : 0.5),
    );
    this.counts = relevant.flatMap((count) => [STRENGTH - count, count]);
    this.sums = relevant.map((count) => count * ((1 + HIGHEST) / 2));
  }

  /** @param cell  of the document, see {@link expectationCell} */
  learn(cell: number, grade: number): void {
    this.counts[2 * cell + Number(grade > 0)]!++;
    if (grade > 0) this.sums[cell]! += grade;
  }

  of(cell: number): ExpectedGrade {
    const [none, some] = [this.counts[2 * cell]!, this.counts[2 * cell + 1]!];
    const chance = some / (none + some);
    const above = this.sums[cell]! / some;
    return { chance, above, mean: chance * above };
  }
}

/** Which documents are taken to be like this one. */
export function expectationCell({ lists }: TaskQuery, document: number): number {
  let best = Number.POSITIVE_INFINITY;
  let having = 0;
  for (const list of lists) {
    const rank = list.indexOf(document);
    if (rank < 0) continue;
    having++;
    best = Math.min(best, rank);
  }
  const group = GROUPS.filter((from) => from <= best).length - 1;
  const kind = having === lists.length ? 0 : lists[0]!.includes(document) ? 1 : 2;
  return kind * GROUPS.length + group;
}
