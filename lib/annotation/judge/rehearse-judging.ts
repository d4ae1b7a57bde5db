import { JudgingSession } from "../../browser/judging/judging-session.js";
import type { JudgingTask, TaskQuery } from "../../browser/judging/judging-task.js";
import { QueryPool } from "../../browser/judging/query-pool.js";
import type { Qrels } from "../../datasets/trec.js";
import { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { parseMeasure } from "../../metrics/measure.js";

export interface RehearsalOptions {
  /** Sessions that are played. Default 50. */
  repetitions?: number;
  /** Queries of a session, drawn with replacement from the task's, so that these are the whole of which each session sees a part. Default 400. */
  queries?: number;
  /** Share of labels that the judge gets wrong. Default 0.05. */
  error?: number;
  /** Labels at which the interval is looked at; a session ends after the last. */
  looks?: readonly number[];
  seed?: number;
}

/** What sessions came to. */
export interface Rehearsal {
  /** Difference of the second system from the first by all grades, and by all that this judge would say. */
  truth: number;
  judged: number;
  looks: {
    labels: number;
    sessions: number;
    /** Mean half width of the 95 % interval, and the spread of the estimates about what the judge would say. */
    half: number;
    rootMeanSquare: number;
    /** Share of sessions whose interval holds the truth, and what the judge would say. */
    coversTruth: number;
    coversJudged: number;
  }[];
  /** Labels at which each session was decided; Infinity: not by the last look. */
  labels: number[];
  /** Sessions decided for the wrong system. */
  wrong: number;
}

/**
 * Plays judging sessions with a judge who knows the grades and errs in a stated share of them, to see how many labels a decision
 * takes and how often the interval that is shown holds what it should.
 *
 * @param truth  grades; a document without one counts as not relevant
 */
export function rehearseJudging(task: JudgingTask, truth: Qrels, options: RehearsalOptions = {}): Rehearsal {
  const { repetitions = 50, queries = 400, error = 0.05, looks = [100, 200, 400, 800], seed = 1 } = options;
  const highest = Math.max(...[...truth.values()].flatMap((grades) => [...grades.values()]));
  const gradeOf = ({ id }: TaskQuery, document: number, random: Random) => {
    const grade = Math.max(0, truth.get(id)?.get(task.documents[document]!.id) ?? 0);
    if (random.next() >= error) return grade;
    return grade > 0 ? 0 : 1 + random.int(Math.max(1, highest));
  };
  const measure = parseMeasure(task.measure);
  const pools = task.queries.map((query) => new QueryPool(query, measure));
  const meanOf = (grade: (query: TaskQuery, document: number) => number) =>
    pools.reduce((sum, pool, q) => {
      const grades = Float64Array.from(pool.whole, (document) => grade(task.queries[q]!, document));
      return sum + pool.differences(grades)[0]! / pools.length;
    }, 0);
  if (task.systems.length !== 2)
    throw new UserError(`rehearseJudging: runs must be two, got ${task.systems.length}`);
  const errors = new Random(seed).fork("errors");
  const often = Array.from({ length: 20 }, () =>
    meanOf((query, document) => gradeOf(query, document, errors)),
  );
  const judged = often.reduce((sum, value) => sum + value / often.length, 0);
  const exact = meanOf(({ id }, document) =>
    Math.max(0, truth.get(id)?.get(task.documents[document]!.id) ?? 0),
  );
  const seen = looks.map((labels) => ({ labels, means: [] as number[], halves: [] as number[] }));
  const decided: number[] = [];
  let wrong = 0;
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const random = new Random(seed).fork(`session ${repetition}`);
    const chosen = Array.from({ length: queries }, () => task.queries[random.int(task.queries.length)]!);
    const played = { ...task, queries: chosen, seed: random.uint32(), secondPass: 0 };
    const session = new JudgingSession(played, {
      ...{ task: task.id, judge: "rehearsal", draws: [], answers: [], intents: [] },
    });
    let at = 0;
    let end = Number.POSITIVE_INFINITY;
    for (let labels = 0; at < seen.length; ) {
      const question = session.question();
      if (question !== null) {
        session.answer(question, gradeOf(chosen[question.query]!, question.document, random), "");
        labels++;
      }
      const look = labels >= seen[at]!.labels || question === null;
      const open = session.log.draws.at(-1)!;
      const done = open.documents
        .slice(0, open.asked)
        .every(({ document }) => session.gradesOf(open.query).has(document));
      if (!look && !done) continue;
      const [{ mean, half, decided: better }] = session.comparisons() as [
        ReturnType<JudgingSession["comparisons"]>[0],
      ];
      if (better !== null && end === Number.POSITIVE_INFINITY) {
        end = labels;
        if ((better === "other") !== exact > 0) wrong++;
      }
      for (; at < seen.length && (labels >= seen[at]!.labels || question === null); at++) {
        seen[at]!.means.push(mean);
        seen[at]!.halves.push(half);
      }
    }
    decided.push(end);
  }
  return {
    ...{ truth: exact, judged, labels: decided, wrong },
    looks: seen.map(({ labels, means, halves }) => {
      const covers = (value: number) =>
        means.filter((mean, i) => Math.abs(mean - value) <= halves[i]!).length / means.length;
      const average = (values: readonly number[]) =>
        values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        ...{ labels, sessions: means.length, half: average(halves) },
        rootMeanSquare: Math.sqrt(average(means.map((mean) => (mean - judged) * (mean - judged)))),
        ...{ coversTruth: covers(exact), coversJudged: covers(judged) },
      };
    }),
  };
}
