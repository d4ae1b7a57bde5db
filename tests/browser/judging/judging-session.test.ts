import { describe, expect, it } from "vitest";
import { JudgingSession } from "../../../lib/browser/judging/judging-session.js";
import { judgeRanking } from "../../../lib/metrics/judged-ranking.js";
import { parseMeasure } from "../../../lib/metrics/measure.js";
import { emptyLog, madeUpTask } from "../../support/judging-task.js";

/** Answers as the grades say, until so many are given or all is judged. */
function work(
  session: JudgingSession,
  gradeOf: (query: number, document: number) => number,
  answers: number,
) {
  for (let i = 0; i < answers; i++) {
    const question = session.question();
    if (question === null) return i;
    session.answer(question, gradeOf(question.query, question.document), "2026-11-29T12:00:00.000Z");
  }
  return answers;
}

/** The difference by all grades, each query's ideal made of the documents that a system has. */
function differenceOf({ task, gradeOf }: ReturnType<typeof madeUpTask>): number {
  const measure = parseMeasure(task.measure);
  const differences = task.queries.map(({ lists }, query) => {
    const grades = new Map(lists.flat().map((document) => [document, gradeOf(query, document)]));
    const [one, two] = lists.map((list) => measure.compute(judgeRanking(list, grades)));
    return two! - one!;
  });
  return differences.reduce((sum, value) => sum + value / differences.length, 0);
}

describe("a judging session", () => {
  it.each(["nDCG@5", "Recall@5", "P@3"])(
    "estimates the difference in %s without bias from a part of the labels",
    (measure) => {
      const made = madeUpTask(24, { measure });
      const truth = differenceOf(made);
      const means = Array.from({ length: 120 }, (_, seed) => {
        const session = new JudgingSession({ ...made.task, seed }, emptyLog());
        while (session.progress().draws.length < 8) work(session, made.gradeOf, 1);
        return session.comparisons()[0]!.mean;
      });
      const mean = means.reduce((sum, value) => sum + value / means.length, 0);
      const spread = means.reduce((sum, value) => sum + (value - truth) ** 2 / means.length, 0);
      expect(Math.abs(mean - truth)).toBeLessThan(3.5 * Math.sqrt(spread / means.length));
      // and it does not know the truth beforehand
      expect(Math.sqrt(spread)).toBeGreaterThan(0.01);
    },
  );

  it("ends with the very difference when all is judged, and asks for each document of each query once", () => {
    const made = madeUpTask(12);
    const session = new JudgingSession(made.task, emptyLog());
    const given = work(session, made.gradeOf, 1000);
    const pooled = made.task.queries.reduce((sum, { lists }) => sum + new Set(lists.flat()).size, 0);
    expect(given).toBe(pooled);
    const [{ mean, drawing, ahead, high } = { mean: 0, drawing: 1, ahead: 1, high: 0 }] =
      session.comparisons();
    expect(mean).toBeCloseTo(differenceOf(made), 12);
    expect(drawing).toBe(0);
    expect(ahead).toBeCloseTo(high - mean, 12);
    expect(session.scores().map(({ judged }) => judged)).toEqual([1, 1]);
  });

  it("with nothing chosen asks all documents of queries drawn all alike", () => {
    const made = madeUpTask(10, { random: 1 });
    const session = new JudgingSession(made.task, emptyLog());
    work(session, made.gradeOf, 40);
    session.log.draws.forEach(({ probability, asked, documents }, i) => {
      expect(probability).toBeCloseTo(1 / (10 - i), 12);
      expect(asked).toBe(documents.length);
    });
  });

  it("shows documents in an order that neither system's ranks explain, the same for equal seeds", () => {
    const made = madeUpTask(200, { random: 1 });
    const orderOf = (seed: number) => {
      const session = new JudgingSession({ ...made.task, seed }, emptyLog());
      work(session, made.gradeOf, 600);
      return session.log.answers.map(({ query, document }) => ({ query, document }));
    };
    expect(orderOf(4)).toEqual(orderOf(4));
    expect(orderOf(4)).not.toEqual(orderOf(5));
    // how often the first document asked is a system's best: as often as chance has it, one of six or so
    const firsts = new Map<number, number>();
    for (const { query, document } of orderOf(4)) if (!firsts.has(query)) firsts.set(query, document);
    const best = [...firsts].filter(
      ([query, document]) => made.task.queries[query]!.lists[0]![0] === document,
    );
    expect(best.length / firsts.size).toBeLessThan(0.35);
    expect(best.length / firsts.size).toBeGreaterThan(0.04);
  });

  it("goes back, changes a grade, keeps its note, and goes on where it was", () => {
    const made = madeUpTask(6);
    const session = new JudgingSession(made.task, emptyLog());
    expect(session.back()).toBe(false);
    work(session, made.gradeOf, 2);
    const third = session.question();
    expect([session.back(), session.back(), session.back()]).toEqual([true, true, false]);
    const again = session.question()!;
    session.answer(again, 3, "2026-11-29T13:00:00.000Z", "now I see");
    expect(session.log.answers).toHaveLength(2);
    expect(session.question()).toEqual(third);
    session.lookAt(0);
    session.answer(session.question()!, null, "2026-11-29T14:00:00.000Z");
    expect(session.log.answers[0]).toMatchObject({ grade: null, note: "now I see" });
    expect(session.gradesOf(again.query).get(again.document)).toBe(null);
  });

  it("goes on from its log in another browser as it would have gone on here", () => {
    const made = madeUpTask(20);
    const here = new JudgingSession(made.task, emptyLog());
    work(here, made.gradeOf, 30);
    const there = new JudgingSession(made.task, structuredClone(here.log));
    expect(there.comparisons()[0]!.mean).toBeCloseTo(here.comparisons()[0]!.mean, 12);
    expect(there.question()).toEqual(here.question());
  });

  it("asks about a tenth of the documents twice, at least twenty answers later", () => {
    const made = madeUpTask(60, { secondPass: 0.1 });
    const session = new JudgingSession(made.task, emptyLog());
    work(session, made.gradeOf, 2000);
    const { answers } = session.log;
    const second = answers.filter(({ pass }) => pass === 2);
    const share = second.length / (answers.length - second.length);
    expect(share).toBeGreaterThan(0.06);
    expect(share).toBeLessThan(0.14);
    const early = answers.slice(0, 200).flatMap((answer, i) => {
      if (answer.pass === 1) return [];
      return [
        i -
          answers.findIndex(({ query, document }) => query === answer.query && document === answer.document),
      ];
    });
    expect(early.length).toBeGreaterThan(5);
    expect(Math.min(...early)).toBeGreaterThanOrEqual(20);
  });

  it("asks nothing where the systems answer alike, and no grade that is there already", () => {
    const { task, gradeOf } = madeUpTask(4);
    const [first, second, ...others] = task.queries as [
      (typeof task.queries)[0],
      (typeof task.queries)[0],
      ...typeof task.queries,
    ];
    const known = second.lists.flat().map((document) => [document, gradeOf(1, document)] as const);
    const session = new JudgingSession(
      {
        ...task,
        queries: [{ ...first, lists: [first.lists[0]!, first.lists[0]!] }, { ...second, known }, ...others],
      },
      emptyLog(),
    );
    work(session, gradeOf, 100);
    expect([...new Set(session.log.answers.map(({ query }) => query))].sort()).toEqual([2, 3]);
  });

  it("asks a list in its order, and compares nothing", () => {
    const { task, gradeOf } = madeUpTask(3);
    const queue = [5, 9, 2].map((document) => ({
      query: Math.floor(document / 8),
      document,
      reason: "near",
    }));
    const session = new JudgingSession(
      { ...task, queue, queries: task.queries.map((query) => ({ ...query, lists: [] })) },
      emptyLog(),
    );
    expect(work(session, gradeOf, 10)).toBe(3);
    expect(session.log.answers.map(({ document }) => document)).toEqual([5, 9, 2]);
    expect([session.comparisons(), session.scores(), session.question()]).toEqual([[], [], null]);
  });
});
