import { openRanker } from "./open-ranker.js";
import type { Listener } from "./progress.js";

/** A document found for a query. */
export interface SearchHit {
  id: string;
  /** The document's text as the run reads it; its first column, if it reads several. */
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
  const { ranker, sets, textColumns, nameColumn } = await openRanker(dir, options);
  const { pool } = sets[0]!;
  await ranker.index(pool);
  return async (query, k) => {
    const row = Object.fromEntries(textColumns.map((column, i) => [column, i === 0 ? query : ""]));
    const [ranked] = await ranker.rank([row], k);
    const hits: SearchHit[] = [];
    for (let i = 0; i < ranked!.ids.length; i++) {
      const document = pool.items[ranked!.ids[i]!];
      if (document === undefined) continue;
      const id = pool.ids[ranked!.ids[i]!]!;
      hits.push({ id, name: document[nameColumn] ?? id, score: ranked!.scores[i]!, document });
    }
    return hits;
  };
}
