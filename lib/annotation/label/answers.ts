import type { LabelCounters } from "../../browser/page/label-shapes.js";
import { UserError } from "../../files/user-error.js";
import type { FitDocument } from "../../training/fit/fit-documents.js";

/** Questions with labels that the precision of what is found is counted over. */
const RECENT = 20;

/** What answers say by themselves: how many, of which labels, and how much of what was asked last was positive. */
export function countAnswers(
  answers: readonly FitDocument[],
): Pick<LabelCounters, "done" | "positive" | "negative" | "ignored" | "recentPrecision"> {
  const count = (some: readonly FitDocument[], label: number) =>
    some.reduce(
      (sum, { matches }) => sum + matches!.filter(({ tags }) => tags!.finetuner_label === label).length,
      0,
    );
  const labelled = answers.filter(({ matches }) => matches!.length > 0);
  const recent = labelled.slice(-RECENT);
  const shown = count(recent, 1) + count(recent, -1);
  return {
    done: answers.length,
    positive: count(answers, 1),
    negative: count(answers, -1),
    ignored: answers.length - labelled.length,
    recentPrecision: shown === 0 ? null : count(recent, 1) / shown,
  };
}

/** @throws UserError for a document that is no answer */
export function checkAnswer({ id, matches }: FitDocument, i: number): void {
  if (typeof id !== "string")
    throw new UserError(`label: answer ${i} must have the id of its question, got ${id}`);
  for (const match of matches ?? []) {
    if (typeof match.id !== "string")
      throw new UserError(`label: matches of answer ${i} must have an id, got ${match.id}`);
    const label = match.tags?.finetuner_label;
    if (label !== 1 && label !== -1)
      throw new UserError(
        `label: matches of answer ${i} must have tags.finetuner_label 1 or -1, got ${JSON.stringify(label)}`,
      );
  }
}
