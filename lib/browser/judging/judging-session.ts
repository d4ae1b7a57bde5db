import { Random } from "../../engine/random/random.js";
import type { DrawnValue } from "../../metrics/drawn-mean.js";
import { type Measure, parseMeasure } from "../../metrics/measure.js";
import { type Comparison, compareSystems, type Progress } from "./compare-systems.js";
import { drawQuery } from "./draw-query.js";
import { drawnDifferences } from "./drawn-difference.js";
import { type ExpectedChange, expectedChange } from "./expected-change.js";
import { expectationCell, GradeExpectation } from "./grade-expectation.js";
import type { JudgingAnswer, JudgingDraw, JudgingLog, JudgingTask } from "./judging-task.js";
import { QueryPool } from "./query-pool.js";

/** What is asked next. */
export interface JudgingQuestion {
  query: number;
  document: number;
  pass: 1 | 2;
  /** Place among the query's documents, shuffled, from 1. */
  place: number;
}

/** First-pass answers between a document's two passes, at least. */
const APART = 20;

/**
 * A judge at work: which document is asked next, what was answered, and what is known by it.
 *
 * A query is drawn, and how many of its documents are asked, see {@link drawQuery}; these are asked, shuffled; then the next is
 * drawn. When all queries were drawn, what was left out of them is asked, in a random order of queries. What is expected
 * is learned again from the judgements whenever there are twice as many queries. All that happened is in the log, by which a
 * session goes on where it ended.
 */
export class JudgingSession {
  readonly measure: Measure;
  private readonly pools: QueryPool[];
  /** Of each document of a pool, which are taken to be like it. */
  private readonly cells: number[][];
  private readonly grades: Map<number, number | null>[];
  /** Queries whose differences are not known beforehand, and the differences of the others. */
  private readonly drawable: number[];
  private readonly known: number[][];
  private readonly given = new Map<string, number>();
  private readonly twice: boolean[] = [];
  private readonly values = new Map<string, DrawnValue[]>();
  private changes: { at: number; of: Map<number, ExpectedChange> } | null = null;
  /** Of each difference, whether it is still to be found out. */
  private open: boolean[] = [];
  /** Place in the log's answers that is being looked at again; null: the next question. */
  private looking: number | null = null;

  constructor(
    readonly task: JudgingTask,
    readonly log: JudgingLog,
  ) {
    this.measure = parseMeasure(task.measure);
    this.pools = task.queries.map((query) => new QueryPool(query, this.measure));
    this.cells = task.queries.map((query, i) =>
      this.pools[i]!.whole.map((document) => expectationCell(query, document)),
    );
    this.grades = task.queries.map(({ known = [] }) => new Map(known));
    const places = task.queue ? [] : [...task.queries.keys()];
    this.drawable = places.filter((query) => this.pools[query]!.documents.length > 0);
    this.known = places
      .filter((query) => this.pools[query]!.documents.length === 0)
      .map((query) => this.pools[query]!.differences(this.judgedGrades(query)));
    log.answers.forEach((answer, i) => {
      this.keep(answer, i);
    });
  }

  private keep(answer: JudgingAnswer, at: number): void {
    const { query, document, pass, grade } = answer;
    this.given.set(keyOf(answer), at);
    if (pass === 1) this.grades[query]!.set(document, grade);
    for (const whole of [true, false]) this.values.delete(`${query} ${whole}`);
    this.twice[at] ??= pass === 1 && this.isTwice(query, document);
  }

  /** What is asked now; null when all is judged. Draws a query where none is being judged. */
  question(): JudgingQuestion | null {
    if (this.looking !== null) {
      const { query, document, pass, place } = this.log.answers[this.looking]!;
      return { query, document, pass, place };
    }
    const { queue } = this.task;
    if (queue) {
      const next = queue.find(({ query, document }) => !this.given.has(keyOf({ query, document, pass: 1 })));
      return next ? { query: next.query, document: next.document, pass: 1, place: 1 } : this.again(0);
    }
    const { draws } = this.log;
    for (const draw of draws) {
      const question = this.openOf(draw, draw.asked);
      if (question) return question;
    }
    const again = this.again(APART);
    if (again) return again;
    if (this.draw()) return this.question();
    for (const draw of this.leftOut()) {
      const question = this.openOf(draw, draw.documents.length);
      if (question) return question;
    }
    return this.again(0);
  }

  /** The first of the first so many documents of a draw, in the query's own shuffled order, that is not judged. */
  private openOf({ query, documents }: JudgingDraw, asked: number): JudgingQuestion | null {
    const open = new Set<number>();
    for (const { document } of documents.slice(0, asked))
      if (!this.grades[query]!.has(document)) open.add(document);
    if (open.size === 0) return null;
    const order = documents.map(({ document }) => document).sort((a, b) => a - b);
    new Random(this.task.seed).fork(`order ${this.task.queries[query]!.id}`).shuffle(order);
    const place = order.findIndex((document) => open.has(document));
    return { query, document: order[place]!, pass: 1, place: place + 1 };
  }

  /** Draws in the order in which their documents that were left out are asked. */
  private leftOut(): JudgingDraw[] {
    return new Random(this.task.seed).fork("left out").shuffle([...this.log.draws]);
  }

  /** A document that is to be asked a second time, and was answered at least so many answers ago. */
  private again(apart: number): JudgingQuestion | null {
    const { answers } = this.log;
    for (let i = 0; i < answers.length - apart; i++) {
      if (!this.twice[i]) continue;
      const { query, document, place } = answers[i]!;
      if (!this.given.has(keyOf({ query, document, pass: 2 }))) return { query, document, pass: 2, place };
    }
    return null;
  }

  private isTwice(query: number, document: number): boolean {
    const { queries, documents, seed, secondPass } = this.task;
    const label = `again ${queries[query]!.id}\u0000${documents[document]!.id}`;
    return new Random(seed).fork(label).next() < secondPass;
  }

  /** Draws a query. @returns false where none is left */
  private draw(): boolean {
    const { draws } = this.log;
    const drawn = new Set(draws.map(({ query }) => query));
    const left = this.drawable.filter((query) => !drawn.has(query));
    if (left.length === 0) return false;
    const changes = this.expected();
    const random = new Random(this.task.seed).fork(`draw ${draws.length}`);
    draws.push(
      drawQuery(
        left,
        left.map((query) => changes.get(query)!),
        this.task.random,
        random,
      ),
    );
    return true;
  }

  /** What is expected of each query that can be drawn, learned when there were half as many draws or more. */
  private expected(): Map<number, ExpectedChange> {
    const { draws, answers } = this.log;
    const { queries, systems } = this.task;
    const at = draws.length < 4 ? 0 : 2 ** Math.floor(Math.log2(draws.length));
    if (this.changes?.at === at) return this.changes.of;
    const expectation = new GradeExpectation();
    for (const { query, document, grade, pass } of answers)
      if (pass === 1 && grade !== null)
        expectation.learn(this.cells[query]![this.pools[query]!.place(document)]!, grade);
    const counts = this.open.includes(true) ? this.open : systems.slice(1).map(() => true);
    const of = new Map(
      this.drawable.map((query) => {
        const known = new Map(queries[query]!.known);
        const grades = this.cells[query]!.map((cell) => expectation.of(cell));
        return [query, expectedChange(this.pools[query]!, grades, known, counts)] as const;
      }),
    );
    this.changes = { at, of };
    return of;
  }

  /** Says what the asked document is worth; null: unsure. Without a note, one given before stays. */
  answer(question: JudgingQuestion, grade: number | null, when: string, note?: string): void {
    const { query, document, pass, place } = question;
    const at = this.given.get(keyOf(question)) ?? this.log.answers.length;
    const kept = note ?? this.log.answers[at]?.note;
    this.log.answers[at] = { query, document, grade, pass, when, place, ...(kept ? { note: kept } : {}) };
    this.keep(this.log.answers[at]!, at);
    this.looking = null;
  }

  /** Goes back to the answer before the one that is looked at. @returns whether there is one */
  back(): boolean {
    const at = (this.looking ?? this.log.answers.length) - 1;
    if (at < 0) return false;
    this.looking = at;
    return true;
  }

  /** Asks for an answer again that was given; null: the next question. */
  lookAt(answer: number | null): void {
    this.looking = answer;
  }

  /** What was answered to a question before; undefined where nothing was. */
  answered(question: Omit<JudgingQuestion, "place">): JudgingAnswer | undefined {
    const at = this.given.get(keyOf(question));
    return at === undefined ? undefined : this.log.answers[at];
  }

  /** How far the session is. */
  progress(): Progress {
    const { draws, answers } = this.log;
    const open = draws.findIndex((draw) => this.openOf(draw, draw.asked) !== null);
    return {
      drawable: this.drawable.length,
      draws: open < 0 ? draws : draws.slice(0, open),
      labels: answers.filter(({ pass }) => pass === 1).length,
    };
  }

  /** How the systems compare by what is judged, each with the first; none where a list is judged. */
  comparisons(): Comparison[] {
    if (this.task.queue) return [];
    const progress = this.progress();
    const all = progress.draws.length === this.drawable.length;
    const order = all ? this.leftOut() : [];
    const open = order.findIndex((draw) => this.openOf(draw, draw.documents.length) !== null);
    const whole = new Set(open < 0 ? order : order.slice(0, open));
    const values = progress.draws.map((draw) => this.drawn(draw, whole.has(draw)));
    const { random, systems } = this.task;
    const expected = [...this.expected().values()];
    const comparisons = compareSystems(systems.length - 1, progress, values, this.known, expected, random);
    this.open = comparisons.map(({ decided }) => decided === null);
    return comparisons;
  }

  /** Each system's mean over the queries with a label, unjudged documents being not relevant, and the share judged of its best k. */
  scores(): { system: string; score: number; judged: number }[] {
    const { systems, queries, queue, k } = this.task;
    const labelled = [...new Set(this.log.answers.map(({ query }) => query))];
    if (queue || labelled.length === 0) return [];
    const values = labelled.map((query) => this.pools[query]!.values(this.judgedGrades(query)));
    const mean = (of: (query: number, i: number) => number) =>
      labelled.reduce((sum, query, i) => sum + of(query, i) / labelled.length, 0);
    return systems.map((system, s) => ({
      system,
      score: mean((_query, i) => values[i]![s]!),
      judged: mean((query) => {
        const list = queries[query]!.lists[s]!.slice(0, k);
        const grades = this.grades[query]!;
        const count = list.filter((document) => (grades.get(document) ?? null) !== null).length;
        return list.length === 0 ? 1 : count / list.length;
      }),
    }));
  }

  /** What a draw's judged documents say, computed once for the grades there are. */
  private drawn(draw: JudgingDraw, whole: boolean): DrawnValue[] {
    const { query } = draw;
    const key = `${query} ${whole}`;
    const values =
      this.values.get(key) ?? drawnDifferences(this.pools[query]!, draw, this.grades[query]!, whole);
    this.values.set(key, values);
    return values;
  }

  /** In the order of the query's pool; NaN where nobody judged, or the judge was unsure. */
  private judgedGrades(query: number): Float64Array {
    return Float64Array.from(
      this.pools[query]!.whole,
      (document) => this.grades[query]!.get(document) ?? Number.NaN,
    );
  }

  /** Grades of a query's documents as far as they are judged. */
  gradesOf(query: number): ReadonlyMap<number, number | null> {
    return this.grades[query]!;
  }
}

function keyOf({ query, document, pass }: { query: number; document: number; pass: number }): string {
  return `${query} ${document} ${pass}`;
}
