import type { Listener } from "../../engine/progress.js";
import { loadStoredConfig } from "../../experiment/load-config.js";
import { ownEntry } from "../../files/own-entry.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { openRetriever } from "./open-retriever.js";
import type { OpenedRetriever } from "./retrieval-system.js";
import { savedThreshold } from "./saved-threshold.js";

/** A document found for a query. */
export interface SearchHit {
  id: string;
  /** The document's text as the run reads it; its first column, if it reads several. */
  name: string;
  score: number;
  /** Every stored column of the document. */
  document: Readonly<Record<string, string>>;
}

/** A threshold of one call is taken instead of that of the run; null = everything is returned. */
export type Search = (query: string, k: number, threshold?: number | null) => Promise<SearchHit[]>;

/**
 * Makes the documents of a run's first evaluation set searchable with its own system.
 *
 * @param options.threshold  documents scored lower are not returned; null = all are. Default: the one saved by
 *   `qdrl threshold`, else the configuration's search.threshold, else all
 * @returns a function from a query (its text, or the file of a picture where queries are pictures) to the best k
 *   documents, best first; none for a text without words
 */
export async function openSearch(
  dir: string,
  options: { threshold?: number | null; listener?: Listener } = {},
): Promise<Search> {
  return searchOver(await openRetriever(dir, options), options);
}

/** {@link openSearch} of a run that is open already; whoever opened it closes it. */
export async function searchOver(
  opened: OpenedRetriever,
  options: { threshold?: number | null } = {},
): Promise<Search> {
  const { run, retriever, sets, queryColumns, readQueries, nameColumn, textColumns, prepare } = opened;
  const { pool } = sets[0]!;
  const usual = options.threshold === undefined ? thresholdOf(run) : options.threshold;
  await retriever.index(pool);
  return async (query, k, threshold = usual) => {
    // what has no words is embedded as well, somewhere, but nothing is near it for a reason
    if (textColumns.includes(queryColumns[0]!) && prepare(query).trim() === "") return [];
    const row = Object.fromEntries(queryColumns.map((column, i) => [column, i === 0 ? query : ""]));
    await readQueries?.([row]);
    const [ranked] = await retriever.retrieve([row], Math.min(k, pool.items.length));
    const hits: SearchHit[] = [];
    for (let i = 0; i < ranked!.ids.length; i++) {
      const document = pool.items[ranked!.ids[i]!];
      if (document === undefined) continue;
      if (threshold !== null && ranked!.scores[i]! < threshold) break;
      const id = pool.ids[ranked!.ids[i]!]!;
      hits.push({ id, name: ownEntry(document, nameColumn) ?? id, score: ranked!.scores[i]!, document });
    }
    return hits;
  };
}

export interface SearchOptions {
  /** Documents returned at most. Default 10. */
  k?: number;
  /** Documents scored lower are not returned; null = all are; default: see {@link openSearch}. */
  threshold?: number | null;
  listener?: Listener;
}

/**
 * What a run finds for one query. It opens the run and embeds its documents for it: to ask again and again, use
 * {@link openSearch}.
 *
 * @param of     a run, or its folder
 * @param query  text, or the file of a picture where queries are pictures
 */
export async function searchRun(
  of: RunFolder | string,
  query: string,
  options: SearchOptions = {},
): Promise<SearchHit[]> {
  const { k = 10, ...rest } = options;
  const search = await openSearch(typeof of === "string" ? of : of.dir, rest);
  return search(query, k);
}

/** The threshold that a run's search uses when none is given; null = none. */
export function thresholdOf(run: RunFolder): number | null {
  const saved = savedThreshold(run);
  if (saved !== null) return saved.threshold;
  if (run.manifest().kind !== "dense") return null;
  return loadStoredConfig(run.configFile).search.threshold;
}
