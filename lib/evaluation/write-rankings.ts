import path from "node:path";
import { stringify } from "yaml";
import { cleaningOfDataset } from "../datasets/manifest.js";
import { defaultListener, type Listener } from "../engine/progress.js";
import type { EvaluationSet } from "../experiment/evaluation-set.js";
import { loadEvaluation } from "../experiment/load-experiment.js";
import { recallValidationSection } from "../experiment/sections/evaluation.js";
import { withFolderLock } from "../files/folder-lock.js";
import { replaceLocked } from "../files/replace-folder.js";
import { writeSealedYaml } from "../files/sealed-text.js";
import { UserError } from "../files/user-error.js";
import { parseMeasure } from "../metrics/measure.js";
import { rankByScore, type ScoredDocument } from "../metrics/score-run.js";
import { cleaningOf } from "../tokenizer/text-cleaning.js";
import { checkPlace } from "../tracking/reuse-run.js";
import {
  currentCommit,
  hostFacts,
  packageVersions,
  type QueryResult,
  RUN_MARKS,
  RunFolder,
} from "../tracking/run-folder.js";
import { scoreQuery } from "./score-query.js";

/** Query id → scored documents, in any order. */
export type Rankings = ReadonlyMap<string, readonly ScoredDocument[]>;

export interface RankingsOptions {
  /** What tables call the system. */
  system: string;
  taskId: string;
  runId: string;
  outputDir?: string;
  /** Data set whose queries were answered. */
  datasetDir: string;
  /** Cut-offs of Recall and MRR. Default 10 and 100. */
  ks?: readonly number[];
  /** Further measures by name. */
  measures?: readonly string[];
  /** Another name by which rankings may call a query or document of that id; the id itself goes first. */
  alias?: (id: string) => string;
  /** Where the rankings come from; kept in config.yaml. */
  source: Readonly<Record<string, unknown>>;
  listener?: Listener;
}

/** Results kept of each query: as many as trec_eval looks at. */
const KEPT = 1000;
const QUERY = "query_search_phrase";

/**
 * Judges rankings made elsewhere, by a foreign system or a notebook, and writes them as a run folder, so that tables,
 * reports and comparisons take them like any run. Documents are ordered as trec_eval does, see rankByScore; documents
 * that the pool lacks keep their ranks and are not relevant; a query that is not ranked has an empty list.
 *
 * @param rankings  evaluation set → rankings of its queries
 * @throws RangeError for an unknown set, or one of whose queries none is ranked
 */
export async function writeRankings(
  rankings: ReadonlyMap<string, Rankings>,
  options: RankingsOptions,
): Promise<RunFolder> {
  const {
    system,
    taskId,
    runId,
    outputDir = "reports/runs",
    datasetDir,
    source,
    listener = defaultListener(),
  } = options;
  const run = new RunFolder(path.join(outputDir, taskId, runId));
  checkPlace(run, "rankings");
  const startedAt = new Date().toISOString();
  const evaluation = recallValidationSection.parse({ sets: [...rankings.keys()] });
  const { dataset, sets, counts } = await loadEvaluation(
    { dataset_dir: datasetDir, max_malformed_rows: 0, recall_validation: evaluation },
    [QUERY],
    [],
    listener,
  );
  const judged = sets.flatMap((set) => {
    const ranked = ownQueries(rankings.get(set.name)!, set, options.alias);
    const known = new Set(set.queries.map(({ id }) => id));
    const strangers = [...ranked.keys()].filter((id) => !known.has(id));
    if (strangers.length === ranked.size)
      throw new UserError(
        `rankings of set "${set.name}": must hold queries of ${datasetDir}, such as ${set.queries[0]!.id}, got ${strangers.slice(0, 3).join(", ") || "none"}`,
      );
    const missing = set.queries.filter((query) => !ranked.has(query.id)).length;
    counts[`${set.name} queries not ranked`] = missing;
    if (strangers.length > 0 || missing > 0)
      listener.line?.(
        `${set.name}: ${missing} queries are not ranked and count 0; ${strangers.length} are not of the set and left out`,
      );
    return judgeSet(set, ranked, options);
  });
  const fill = async (folder: string): Promise<void> => {
    const written = new RunFolder(folder);
    writeSealedYaml(written.configFile, stringify({ system: "rankings", name: system, ...source }));
    for (const { name: set } of sets) {
      const results = judged.filter((result) => result.set === set);
      const prefix = set === sets[0]!.name ? "" : `${set}/`;
      written.appendMetrics(
        Object.keys(results[0]!.values).map((name) => ({
          epoch: 0,
          step: 0,
          name: prefix + name,
          value: results.reduce((sum, { values }) => sum + values[name]!, 0) / results.length,
        })),
      );
    }
    written.writeQueries(judged);
    written.writeManifest({
      ...{ runFormat: 2, kind: "rankings", system, taskId, runId, seed: 0, dataset },
      ...{ commit: currentCommit(), packages: packageVersions(), backend: "none", engine: "none" },
      ...{ host: hostFacts(), startedAt, endedAt: new Date().toISOString(), status: "finished", counts },
    });
  };
  const write = () => replaceLocked(run.dir, fill, RUN_MARKS);
  await withFolderLock(run.dir, write, (line) => listener.line?.(line));
  return run;
}

/** Rankings with the set's own query ids where they had the aliases. */
function ownQueries(rankings: Rankings, set: EvaluationSet, alias: RankingsOptions["alias"]): Rankings {
  if (!alias) return rankings;
  const ids = new Map(set.queries.map(({ id }) => [alias(id), id]));
  for (const { id } of set.queries) ids.set(id, id);
  return new Map([...rankings].map(([id, documents]) => [ids.get(id) ?? id, documents]));
}

function judgeSet(set: EvaluationSet, rankings: Rankings, options: RankingsOptions): QueryResult[] {
  const { ks = [10, 100] } = options;
  const measures = (options.measures ?? []).map(parseMeasure);
  const { clean } = cleaningOf(cleaningOfDataset(options.datasetDir));
  const ids = [...set.pool.ids];
  const indexOf = new Map(ids.map((id, index) => [options.alias?.(id) ?? id, index]));
  ids.forEach((id, index) => {
    indexOf.set(id, index);
  });
  const index = (id: string): number => {
    const known = indexOf.get(id) ?? ids.push(id) - 1;
    indexOf.set(id, known);
    return known;
  };
  const wider = { ...set, pool: { ...set.pool, ids } };
  return set.queries.map((query) => {
    const documents = rankings.get(query.id) ?? [];
    const scoreOf = new Map(documents.map(({ id, score }) => [id, score]));
    const ranked = [...new Set(rankByScore(documents, query.id))];
    const ranking = { ids: ranked.map(index), scores: ranked.map((id) => scoreOf.get(id)!) };
    const row = { [QUERY]: clean(query.fields[QUERY] ?? "") };
    const judging = { ks, measures, typo: 0, textColumns: [QUERY], kept: KEPT };
    return scoreQuery(wider, query, row, ranking, judging);
  });
}
