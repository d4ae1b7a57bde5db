import { picturePath } from "../datasets/images/picture-path.js";
import { readItems } from "../datasets/items.js";
import { evaluationFilesOf, openDataset } from "../datasets/open-dataset.js";
import { readQueries } from "../datasets/queries.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import type { QueryResult, RunFolder } from "../tracking/run-folder.js";

/** The documents of the evaluation set a run was evaluated on, by id. */
export async function documentsOf(run: RunFolder, set: string): Promise<Map<string, Record<string, string>>> {
  const dataset = openDataset(run.manifest().dataset.dir, { verify: "size" });
  const { itemsPath } = evaluationFilesOf(dataset, set);
  const { items, ids } = await readItems(itemsPath);
  return new Map(ids.map((id, row) => [id, items[row]!]));
}

/** One query with what each run returned for it, ready to be shown. */
export interface RankedQuery {
  query: string;
  /** Path of the picture that is the query. */
  pictureFile?: string;
  about: string;
  lists: { system: string; about: string; documents: RankedDocumentView[] }[];
}

export interface RankedDocumentView {
  id: string;
  name: string;
  relevant: boolean;
  score: number;
  /** Path of the picture file, where the data set has pictures. */
  pictureFile?: string;
}

/**
 * The best documents of several runs for the same queries, side by side.
 *
 * @param options.ids      query ids, in the order wanted
 * @param options.measure  shown beside each list
 * @param options.depth    documents per list
 * @param options.nameOf   what a run is called; default: its system
 */
export async function rankedQueries(
  runs: readonly RunFolder[],
  options: {
    set: string;
    typo?: number;
    ids: readonly string[];
    measure?: string;
    depth?: number;
    nameColumn?: string;
    nameOf?: (run: RunFolder) => string;
  },
): Promise<RankedQuery[]> {
  const { set, typo = 0, ids, measure = "Recall@10", depth = 10, nameColumn = "document_name" } = options;
  const { nameOf = (run) => run.manifest().system } = options;
  const documents = await documentsOf(runs[0]!, set);
  const { dir } = runs[0]!.manifest().dataset;
  const pictures = await queryPictures(dir, set);
  const answers = runs.map((run) => ({
    system: nameOf(run),
    byId: new Map(
      run
        .queries()
        .filter((r) => r.set === set && r.typo === typo)
        .map((r) => [r.id, r]),
    ),
  }));
  return ids.map((id) => {
    const results = answers.map(({ system, byId }) => {
      const result = byId.get(id);
      if (!result)
        throw new UserError(
          `rankedQueries: ${system} must have answered query ${id} of set "${set}" at typo probability ${typo}, got no such result`,
        );
      return { system, result };
    });
    const { query, slice, relevant } = results[0]!.result;
    const count = `${relevant.length} relevant ${relevant.length === 1 ? "document" : "documents"}`;
    const picture = pictures.get(id);
    return {
      query,
      ...(picture === undefined ? {} : { pictureFile: picture }),
      about: slice === undefined ? count : `${slice}, ${count}`,
      lists: results.map(({ system, result }) => ({
        system,
        about: `${measure} ${(ownEntry(result.values, measure) ?? Number.NaN).toFixed(2)}`,
        documents: shownDocuments(result, documents, depth, nameColumn, dir),
      })),
    };
  });
}

/** Queries spread evenly over the first set and typo probability of a run, as {@link rankedQueries} shows them. */
export async function someRankings(run: RunFolder, count: number): Promise<RankedQuery[]> {
  const results = run.queries();
  const first = results[0];
  if (first === undefined) return [];
  const { set, typo } = first;
  const ids = results.filter((result) => result.set === set && result.typo === typo).map(({ id }) => id);
  const shown = Math.min(count, ids.length);
  const spread = Array.from({ length: shown }, (_, i) => ids[Math.floor((i * ids.length) / shown)]!);
  return rankedQueries([run], { set, typo, ids: spread });
}

/** Query id → picture file, where queries are pictures. */
async function queryPictures(dir: string, set: string): Promise<ReadonlyMap<string, string>> {
  const column = "query_picture";
  const dataset = openDataset(dir, { verify: "size" });
  if (dataset.manifest?.columns.query[column] === undefined) return new Map();
  const { queries } = await readQueries(evaluationFilesOf(dataset, set).queriesPath, { columns: [column] });
  return new Map(
    queries.flatMap(({ id, fields }) => (fields[column] ? [[id, picturePath(dir, fields[column])]] : [])),
  );
}

function shownDocuments(
  result: QueryResult,
  documents: ReadonlyMap<string, Record<string, string>>,
  depth: number,
  nameColumn: string,
  dir: string,
): RankedDocumentView[] {
  const relevant = new Set(result.relevant);
  return result.top.slice(0, depth).map(([id, score]) => {
    const document = documents.get(id);
    const picture = document?.["document_picture"];
    return {
      id,
      name: ownEntry(document, nameColumn) ?? id,
      relevant: relevant.has(id),
      score,
      ...(picture ? { pictureFile: picturePath(dir, picture) } : {}),
    };
  });
}

/**
 * Ids of queries worth looking at: those on which two runs differ most, alternating in favour of each.
 *
 * @returns at most `count` ids, ties by file order
 */
export function mostDifferent(
  a: RunFolder,
  b: RunFolder,
  options: { set: string; typo?: number; measure?: string; count: number },
): string[] {
  const { set, typo = 0, measure = "Recall@10", count } = options;
  const pick = (run: RunFolder) => run.queries().filter((r) => r.set === set && r.typo === typo);
  const other = new Map(pick(b).map((r) => [r.id, ownEntry(r.values, measure) ?? 0]));
  const differences = pick(a).map((r) => ({
    id: r.id,
    by: (ownEntry(r.values, measure) ?? 0) - (other.get(r.id) ?? 0),
  }));
  const wins = differences.filter((d) => d.by > 0).sort((x, y) => y.by - x.by);
  const losses = differences.filter((d) => d.by < 0).sort((x, y) => x.by - y.by);
  const chosen: string[] = [];
  for (let i = 0; chosen.length < count && (i < wins.length || i < losses.length); i++) {
    if (i < wins.length) chosen.push(wins[i]!.id);
    if (i < losses.length && chosen.length < count) chosen.push(losses[i]!.id);
  }
  return chosen;
}
