import { loadBm25Config } from "../config/load-config.js";
import type { Ranker } from "./evaluate.js";
import type { Pool } from "./evaluation-set.js";
import { loadEvaluation, loadExperiment } from "./load-experiment.js";
import { openEncoder } from "./open-encoder.js";
import type { Listener } from "./progress.js";
import { DenseRanker } from "./rankers.js";
import { bm25Ranker, documentColumns } from "./run-bm25.js";
import { openRun } from "./run-folder.js";

/** A document found for a query. */
export interface SearchHit {
  id: string;
  /** The document's text as the run reads it. */
  name: string;
  score: number;
  /** Every stored column of the document. */
  document: Readonly<Record<string, string>>;
}

export type Search = (query: string, k: number) => Promise<SearchHit[]>;

/**
 * Makes the documents of a run's first evaluation set searchable with its own system.
 *
 * @returns a function from query text to the best k documents, best first
 */
export async function openSearch(dir: string, options: { listener?: Listener } = {}): Promise<Search> {
  const { listener = {} } = options;
  const run = openRun(dir);
  if (run.manifest().kind === "bm25") {
    const config = loadBm25Config(run.configFile);
    const columns = documentColumns(config);
    const { sets } = await loadEvaluation(config, [config.query_text], columns, listener);
    return searchIn(bm25Ranker(config), sets[0]!.pool, { query: config.query_text, document: columns[0]! });
  }
  const { config, encoder } = await openEncoder(dir, options);
  const data = await loadExperiment(config, listener, { training: false });
  return searchIn(
    new DenseRanker({ encoder, ...data.features }, config.recall_validation.similarity),
    data.sets[0]!.pool,
    {
      query: config.model.query.text_feature,
      document: config.model.document.text_feature,
    },
  );
}

async function searchIn(
  ranker: Ranker,
  pool: Pool,
  columns: { query: string; document: string },
): Promise<Search> {
  await ranker.index(pool);
  return async (query, k) => {
    const [ranked] = await ranker.rank([{ [columns.query]: query }], k);
    const hits: SearchHit[] = [];
    for (let i = 0; i < ranked!.ids.length; i++) {
      const document = pool.items[ranked!.ids[i]!];
      if (document === undefined) continue;
      hits.push({
        id: pool.ids[ranked!.ids[i]!]!,
        name: document[columns.document]!,
        score: ranked!.scores[i]!,
        document,
      });
    }
    return hits;
  };
}
