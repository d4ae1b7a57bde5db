import type { Measure } from "../../metrics/measure.js";
import type { TaskQuery } from "./judging-task.js";

/** Measures that are sums over ranks, each of what the document there is worth: those that all systems have there cancel. */
const SUMS = ["P", "RBP"];

/** The documents of a query that any system has, and which of them the systems' differences hang on. */
export class QueryPool {
  /** All of them, as places in the task's documents; grades come in this order. */
  readonly whole: readonly number[];
  /** Those to be judged. */
  readonly documents: readonly number[];
  private readonly placeOf: ReadonlyMap<number, number>;
  private readonly lists: readonly (readonly number[])[];

  constructor(
    { lists, known = [] }: TaskQuery,
    private readonly measure: Measure,
  ) {
    this.whole = [...new Set(lists.flat())];
    this.placeOf = new Map(this.whole.map((document, place) => [document, place]));
    this.lists = lists.map((list) => list.map((document) => this.placeOf.get(document)!));
    const moving = differing(lists);
    const given = new Set(known.map(([document]) => document));
    const matter = SUMS.includes(measure.name.split(/[(@]/)[0]!) ? [...moving] : this.whole;
    this.documents = moving.size === 0 ? [] : matter.filter((document) => !given.has(document));
  }

  /** Where a document's grade stands. */
  place(document: number): number {
    return this.placeOf.get(document)!;
  }

  /** The measure of each system. @param grades  of all documents; NaN: unjudged */
  values(grades: Float64Array): number[] {
    const judged = grades
      .filter((grade) => grade >= 0)
      .sort()
      .reverse();
    return this.lists.map((list) =>
      this.measure.compute({ grades: Float64Array.from(list, (place) => grades[place]!), judged }),
    );
  }

  /** By how much each system but the first differs from it. */
  differences(grades: Float64Array): number[] {
    const [first = 0, ...others] = this.values(grades);
    return others.map((value) => value - first);
  }
}

/** Documents that are not at the same rank in all systems: without any there is no difference. */
function differing(lists: TaskQuery["lists"]): Set<number> {
  const found = new Set<number>();
  for (let rank = 0; rank < Math.max(0, ...lists.map((list) => list.length)); rank++) {
    const at = lists.map((list) => list[rank]);
    if (at.some((document) => document !== at[0]))
      for (const document of at) if (document !== undefined) found.add(document);
  }
  return found;
}
