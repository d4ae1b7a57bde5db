import { defaultListener, type Listener } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { openRetriever } from "../../retrieval/retrievers/open-retriever.js";
import { searchOver } from "../../retrieval/retrievers/search-run.js";
import { openRun } from "../../tracking/run-folder.js";
import { type JudgingSources, readJudgingSources } from "./judging-sources.js";

/** What judgements of queries that no evaluation set has say as their set. */
export const ASKED = "asked";

/**
 * What runs answer to queries of the judge's own, each known by its text, over the documents of the first run's first set.
 *
 * @param k  documents of each
 * @throws UserError for runs of different data, no query, or one that is there twice
 */
export async function askRuns(
  dirs: readonly string[],
  queries: readonly string[],
  k: number,
  listener: Listener = defaultListener(),
): Promise<JudgingSources> {
  const { dataset, systems } = readJudgingSources(dirs, { listener });
  const texts = queries.map((text) => text.trim()).filter((text) => text !== "");
  const twice = texts.find((text, i) => texts.indexOf(text) < i);
  if (texts.length === 0 || twice !== undefined)
    throw new UserError(
      `ask: queries must be different, one a line, got ${twice === undefined ? "none" : `"${twice}" twice`}`,
    );
  const rankings: Map<string, string[]>[] = [];
  for (const dir of dirs) {
    const opened = await openRetriever(dir, { listener });
    try {
      const search = await searchOver(opened, { threshold: null });
      const answers = new Map<string, string[]>();
      for (const text of texts)
        answers.set(
          text,
          (await search(text, k)).map(({ id }) => id),
        );
      rankings.push(answers);
    } finally {
      opened.close();
    }
  }
  const pool = openRun(dirs[0]!).queries()[0]!.set;
  const asked = texts.map((text) => ({ id: text, fields: { query_search_phrase: text } }));
  return { dataset, set: ASKED, pool, queries: asked, systems, rankings };
}
