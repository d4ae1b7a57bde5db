import fs from "node:fs";
import { picturePath } from "../datasets/images/picture-path.js";
import { pictureAddress } from "../reporting/pictures.js";
import type { QueryRankings } from "../reporting/rankings-html.js";
import { openSearch } from "../retrieval/retrievers/search-run.js";
import type { RunFolder } from "../tracking/run-folder.js";

/**
 * What runs find for queries of one's own, ready to be shown. No relevance is known for such queries, so nothing is
 * marked.
 *
 * @param k  documents per system
 * @param options.threshold  documents scored lower are left out; see openSearch
 */
export async function searchRankings(
  runs: readonly RunFolder[],
  queries: readonly string[],
  k = 10,
  options: { threshold?: number | null } = {},
): Promise<QueryRankings[]> {
  const rankings: QueryRankings[] = queries.map((query) => ({ query, lists: [] }));
  for (const run of runs) {
    const search = await openSearch(run.dir, options);
    for (const ranking of rankings) {
      const hits = await search(ranking.query, k);
      const documents = hits.map(({ id, name, score, document }) => {
        const file = picturePath(run.manifest().dataset.dir, document["document_picture"] ?? "");
        const picture =
          document["document_picture"] && fs.existsSync(file) ? { picture: pictureAddress(file) } : {};
        return { id, name, score, relevant: false, ...picture };
      });
      ranking.lists.push({ system: run.manifest().system, documents });
    }
  }
  return rankings;
}
