import fs from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { readItems } from "../../datasets/items.js";
import { evaluationFilesOf, openDataset } from "../../datasets/open-dataset.js";
import { readQueries } from "../../datasets/queries.js";
import { embedTexts } from "../../encoders/pretrained/embed-texts.js";
import type { Listener } from "../../engine/progress.js";
import { type Rankings, writeRankings } from "../../evaluation/write-rankings.js";
import { ownEntry } from "../../files/own-entry.js";
import { exactSearch } from "../../retrieval/indexes/exact-search.js";
import { RunFolder } from "../../tracking/run-folder.js";

const DEPTH = 1000;

/** Documents and queries of an evaluation set as a pretrained transformer embeds them. */
export interface EmbeddedSet {
  dim: number;
  /** [N, dim] and [Q, dim] */
  documents: Float32Array;
  queries: Float32Array;
  ids: string[];
  queryIds: string[];
}

/**
 * Embeds an evaluation set by a pretrained transformer; vectors are kept (see embedTexts). The first call takes minutes for some
 * thousand abstracts.
 *
 * @param textColumn  document column that is read
 */
export async function embedSet(
  datasetDir: string,
  setName: string,
  modelDir: string,
  textColumn: string,
  listener: Listener,
): Promise<EmbeddedSet> {
  const dataset = openDataset(datasetDir, { verify: "size" });
  const set = evaluationFilesOf(dataset, setName);
  const { items, ids } = await readItems(set.itemsPath);
  const { queries } = await readQueries(set.queriesPath);
  const model = path.basename(modelDir);
  const embed = (texts: readonly string[], name: string) =>
    embedTexts(modelDir, texts, {
      onProgress: (done, total) => listener.progress?.({ task: `embed ${name}`, done, total, unit: "texts" }),
    });
  const documents = await embed(
    items.map((item) => ownEntry(item, textColumn) ?? ""),
    `${model}-${textColumn}`,
  );
  const asked = await embed(
    queries.map((query) => query.fields["query_search_phrase"]!),
    `${model}-${setName}-queries`,
  );
  return {
    dim: documents.dim,
    documents: documents.vectors,
    queries: asked.vectors,
    ids,
    queryIds: queries.map((query) => query.id),
  };
}

/**
 * A pretrained transformer's exhaustive search over evaluation sets as a run; a finished run of the same model and data is
 * reused.
 */
export async function pretrainedRun(options: {
  datasetDir: string;
  sets: readonly string[];
  modelDir: string;
  textColumn: string;
  system: string;
  taskId: string;
  runId: string;
  ks: readonly number[];
  measures: readonly string[];
  listener: Listener;
}): Promise<RunFolder> {
  const { datasetDir, sets, modelDir, textColumn, ks, measures, listener } = options;
  const run = new RunFolder(path.join("reports/runs", options.taskId, options.runId));
  const { fingerprint } = openDataset(datasetDir, { verify: "size" });
  const source = {
    model: modelDir,
    text: textColumn,
    data: fingerprint,
    sets,
    k: ks,
    measures,
    depth: DEPTH,
  };
  const config = stringify({ system: "rankings", name: options.system, ...source });
  if (fs.existsSync(run.configFile) && fs.readFileSync(run.configFile, "utf8").startsWith(config)) return run;
  const rankings = new Map<string, Rankings>();
  for (const set of sets) {
    const embedded = await embedSet(datasetDir, set, modelDir, textColumn, listener);
    rankings.set(set, ranked(embedded));
  }
  return writeRankings(rankings, { ...options, source });
}

function ranked({ dim, documents, queries, ids, queryIds }: EmbeddedSet): Rankings {
  const k = Math.min(DEPTH, ids.length);
  const found = exactSearch({ documents, dim, queries, k });
  return new Map(
    queryIds.map((query, q) => [
      query,
      Array.from({ length: k }, (_, i) => ({
        id: ids[found.ids[q * k + i]!]!,
        score: found.scores[q * k + i]!,
      })),
    ]),
  );
}
