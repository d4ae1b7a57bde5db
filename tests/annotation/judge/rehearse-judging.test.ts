import { expect, it } from "vitest";
import { rehearseJudging } from "../../../lib/annotation/judge/rehearse-judging.js";
import { madeUpTask } from "../../support/judging-task.js";

it("rehearsed sessions hold what a judge would say in the interval shown, and choosing narrows it", () => {
  const { task, gradeOf } = madeUpTask(120);
  const truth = new Map(
    task.queries.map(({ id, lists }, query) => [
      id,
      new Map(lists.flat().map((document) => [task.documents[document]!.id, gradeOf(query, document)])),
    ]),
  );
  const options = { repetitions: 40, queries: 60, looks: [60, 120], error: 0.05, seed: 3 };
  const chosen = rehearseJudging(task, truth, options);
  const random = rehearseJudging({ ...task, random: 1 }, truth, options);
  for (const { looks, wrong } of [chosen, random]) {
    // 40 sessions of nominal 95 %: fewer than 34 would be a chance of one in a thousand
    for (const { coversJudged, sessions } of looks)
      expect(coversJudged * sessions).toBeGreaterThanOrEqual(34);
    expect(wrong).toBe(0);
  }
  expect(chosen.looks[1]!.half).toBeLessThan(random.looks[1]!.half);
  expect(chosen.looks[1]!.half).toBeLessThan(chosen.looks[0]!.half);
  // a judge who errs as often as not knows nothing
  const blind = rehearseJudging(task, truth, { ...options, repetitions: 5, error: 0.75 });
  expect(Math.abs(blind.judged)).toBeLessThan(Math.abs(blind.truth));
});
