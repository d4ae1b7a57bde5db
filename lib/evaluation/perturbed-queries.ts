import { defaultListener, type Listener } from "../engine/progress.js";
import { UserError } from "../files/user-error.js";
import { openRetriever } from "../retrieval/retrievers/open-retriever.js";
import type { QueryResult } from "../tracking/run-folder.js";
import { evaluate } from "./evaluate.js";

/**
 * Evaluates a run on queries that are changed first, without writing anything: what does a superfluous word, a prefix or
 * another spelling do to its rankings?
 *
 * @param change  from the cleaned (for BM25 with an analysis, prepared) query to what is searched
 * @param options.set  evaluation set; default: the first
 * @returns one result per query, in the order of the data set
 */
export async function evaluatePerturbed(
  dir: string,
  change: (cleaned: string) => string,
  options: { set?: string; ks?: readonly number[]; listener?: Listener } = {},
): Promise<QueryResult[]> {
  const { ks = [10], listener = defaultListener() } = options;
  const { retriever, sets, textColumns, prepare, close } = await openRetriever(dir, { listener });
  try {
    const chosen = sets.find((set) => set.name === (options.set ?? sets[0]?.name));
    if (chosen === undefined)
      throw new UserError(
        `evaluatePerturbed: set must be one of ${sets.map((set) => set.name).join(", ")}, got "${options.set}"`,
      );
    const changed = (text: string): string => change(prepare(text));
    const questions = { sets: [chosen], ks, typoProbabilities: [0], textColumns, prepare: changed };
    return (await evaluate({ ...questions, retriever, listener })).perQuery;
  } finally {
    close();
  }
}
