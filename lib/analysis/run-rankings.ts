import type { QueryRankings } from "../reporting/rankings-html.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { withPictures } from "./report-page.js";
import { mostDifferent, rankedQueries, someRankings } from "./run-documents.js";

/**
 * The queries on which two runs differ most, alternately in favour of each, with what each returned.
 *
 * @param options.count  queries shown; default 6
 */
export async function differingRankings(
  a: RunFolder,
  b: RunFolder,
  options: { set: string; measure?: string; typo?: number; count?: number },
): Promise<QueryRankings[]> {
  const { count = 6, ...rest } = options;
  const ids = mostDifferent(a, b, { ...rest, count });
  return (await rankedQueries([a, b], { ...rest, ids })).map(withPictures);
}

/** Queries spread evenly over a run's first evaluation set, with what it returned. */
export async function sampleRankings(run: RunFolder, count = 6): Promise<QueryRankings[]> {
  return (await someRankings(run, count)).map(withPictures);
}
