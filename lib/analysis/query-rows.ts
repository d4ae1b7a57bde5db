import type { RunFolder } from "../tracking/run-folder.js";

/**
 * The queries of an evaluation set as plain rows for a data frame: phrase, slice, number of relevant documents, the
 * document found first, and every measure.
 *
 * @param options.typo  probability of a typo per word
 */
export function queryRows(
  run: RunFolder,
  options: { set: string; typo?: number },
): Record<string, string | number>[] {
  const { set, typo = 0 } = options;
  return run
    .queries()
    .filter((result) => result.set === set && result.typo === typo)
    .map(({ query, slice, relevant, top, values }) => ({
      phrase: query,
      slice: slice ?? "all",
      relevant: relevant.length,
      first: top[0]?.[0] ?? "nothing",
      ...values,
    }));
}
