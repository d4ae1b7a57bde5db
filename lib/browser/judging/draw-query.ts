import type { Random } from "../../engine/random/random.js";
import type { ExpectedChange } from "./expected-change.js";
import type { JudgingDraw } from "./judging-task.js";

/**
 * With which probability each query is drawn, and each of its documents is asked if it is: in proportion to what a document's
 * label is expected to change, documents and queries alike, and a stated share spread over all. A query's first document
 * is asked for certain; a document is asked only if those before it are, so one random number decides how many are.
 */
export function chancesOf(changes: readonly ExpectedChange[], random: number): number[] {
  const weights = changes.map((change) => change.changes[0] ?? 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const share = total === 0 ? 1 : random;
  return weights.map((weight) => share / weights.length + (total === 0 ? 0 : ((1 - share) * weight) / total));
}

/** Probability that each document is asked once its query is drawn, falling from 1. */
export function survivalOf({ changes }: ExpectedChange, random: number): number[] {
  const [most = 0] = changes;
  return changes.map((change) => (most === 0 ? 1 : Math.max(random, rounded(change / most))));
}

/** Six digits are enough, and logs half as long. */
function rounded(chance: number): number {
  return Math.round(chance * 1e6) / 1e6;
}

/** Draws a query and how many of its documents are asked. */
export function drawQuery(
  left: readonly number[],
  changes: readonly ExpectedChange[],
  share: number,
  random: Random,
): JudgingDraw {
  const chances = chancesOf(changes, share);
  let at = random.next();
  let chosen = 0;
  while (chosen < left.length - 1 && at >= chances[chosen]!) at -= chances[chosen++]!;
  const change = changes[chosen]!;
  const survival = survivalOf(change, share);
  const level = random.next();
  return {
    query: left[chosen]!,
    probability: Math.min(1, chances[chosen]!),
    documents: change.documents.map((drawn, i) => ({
      document: drawn.document,
      chance: survival[i]!,
      grade: rounded(drawn.grade),
    })),
    asked: survival.filter((chance) => chance > level).length,
    guesses: change.guess.map((_guess, s) => changes.reduce((sum, { guess }) => sum + guess[s]!, 0)),
  };
}
