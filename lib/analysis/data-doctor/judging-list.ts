import type { QueueEntry } from "../../datasets/judging-queue.js";
import { UserError } from "../../files/user-error.js";
import type { DataReport } from "./examine-data.js";
import type { PairSource } from "./sources/pair-source.js";

/**
 * Suspects of an evaluation set, worst first, each pair once.
 *
 * @param set name of the evaluation set, null = the first one that has suspects
 * @throws UserError where there are none, or the set is unknown
 */
export function judgingList(
  report: DataReport,
  source: PairSource,
  set: string | null,
): { set: string; lines: QueueEntry[] } {
  if (set !== null && !source.heldOut.includes(set))
    throw new UserError(`--set: must be of ${source.heldOut.join(", ") || "none"}, got "${set}"`);
  const judgeable = report.queue.filter(({ query_id: id }) => id !== null);
  const chosen = set ?? source.heldOut.find((name) => judgeable.some(({ part }) => part === name));
  const taken = new Set<string>();
  const lines = judgeable
    .filter(({ part }) => part === chosen)
    .sort((a, b) => b.score - a.score)
    .flatMap(({ query_id: query, document, reason, score }): QueueEntry[] => {
      const id = source.idOf?.(document) ?? document;
      const key = `${query}\u0000${id}`;
      if (taken.has(key)) return [];
      taken.add(key);
      return [{ query: query!, document: id, reason, score }];
    });
  if (chosen === undefined || lines.length === 0)
    throw new UserError(
      `--queue: must have suspects of an evaluation set, got none${chosen === undefined ? "" : ` of ${chosen}`}; of the training part --json names them`,
    );
  return { set: chosen, lines };
}
