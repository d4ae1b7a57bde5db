import { defaultListener, type Listener } from "../../engine/progress.js";
import type { EvaluationSet, Row } from "../../experiment/evaluation-set.js";
import { loadBm25Config, loadFusionConfig, loadNeighboursConfig } from "../../experiment/load-config.js";
import { loadEvaluation, loadExperiment } from "../../experiment/load-experiment.js";
import {
  type RecallValidationConfig,
  recallValidationSection,
} from "../../experiment/sections/evaluation.js";
import { textColumnsOf } from "../../experiment/text-columns.js";
import { UserError } from "../../files/user-error.js";
import { openRun, type RunFolder } from "../../tracking/run-folder.js";
import { bm25Retriever, documentColumns, queryPreparation } from "./bm25-retriever.js";
import { FrozenRankings } from "./frozen-rankings.js";
import { FusionRetriever, sharedPreparation } from "./fusion-retriever.js";
import { openEncoder } from "./open-encoder.js";
import { openNeighbours } from "./open-neighbours.js";
import type { Retriever } from "./retriever.js";
import { encoderPreparation, runRetriever } from "./run-retriever.js";

/** A finished run's system, ready to answer, with what it was evaluated on. */
export interface OpenedRetriever {
  run: RunFolder;
  retriever: Retriever;
  sets: EvaluationSet[];
  settings: RecallValidationConfig;
  /** Query columns that hold text, the search phrase first. */
  textColumns: string[];
  /** All query columns that are read, those that hold text first. */
  queryColumns: readonly string[];
  /** To be called with queries of no evaluation set before they are ranked: decodes their pictures. Absent: no need. */
  readQueries?: (queries: readonly Row[]) => Promise<void>;
  /** What is done to a query's text before typos; absent: cleaning. */
  prepare?: (text: string) => string;
  /** Document column that names a document. */
  nameColumn: string;
  /** Document columns that are read as text. */
  documentColumns: readonly string[];
  close(): void;
}

/**
 * Opens a run's system, an encoder with its exact index, nearest training queries, BM25, or several of these fused, and its evaluation sets. Rankings
 * made elsewhere answer their own queries only.
 *
 * @param options.checkpoint  an encoder's weights from this checkpoint instead of the final ones
 */
export async function openRetriever(
  dir: string,
  options: { checkpoint?: string; listener?: Listener } = {},
): Promise<OpenedRetriever> {
  const { listener = defaultListener() } = options;
  const run = openRun(dir);
  const { kind } = run.manifest();
  if (kind === "rankings") return openRankings(run, listener);
  if (kind === "fusion") return openFusion(run, listener);
  if (kind === "neighbours") return openNeighbourRun(run, listener);
  if (kind === "bm25") {
    const config = loadBm25Config(run.configFile);
    const columns = documentColumns(config);
    const { sets } = await loadEvaluation(config, [config.query_text], columns, listener);
    return {
      run,
      retriever: bm25Retriever(config),
      sets,
      settings: config.recall_validation,
      textColumns: [config.query_text],
      queryColumns: [config.query_text],
      prepare: queryPreparation(config),
      nameColumn: columns[0]!,
      documentColumns: columns,
      close: () => {},
    };
  }
  const { config, encoder } = await openEncoder(dir, options);
  const data = await loadExperiment(config, listener, { training: false });
  const dense = runRetriever(run, config, encoder, data.features, options);
  return {
    run,
    retriever: dense.retriever,
    sets: data.sets,
    settings: config.recall_validation,
    ...encoderPreparation(config),
    ...textColumnsOf(config),
    readQueries: data.readQueries,
    close: () => {
      dense.close();
      encoder.dispose();
    },
  };
}

/** @throws RangeError if a system's queries have no text that could be misspelled or corrected, as `what` asks for */
export function checkMisspellable({ textColumns, queryColumns }: OpenedRetriever, what: string): void {
  if (textColumns.length === 0)
    throw new UserError(`${what}: queries must have text to misspell, got ${queryColumns.join(", ")} alone`);
}

async function openNeighbourRun(run: RunFolder, listener: Listener): Promise<OpenedRetriever> {
  const config = loadNeighboursConfig(run.configFile);
  const opened = await openNeighbours(config, listener);
  const answered = new Set(run.queries().map((result) => result.set));
  return {
    ...opened,
    run,
    sets: opened.sets.filter((set) => answered.has(set.name)),
    settings: config.recall_validation,
  };
}

async function openFusion(run: RunFolder, listener: Listener): Promise<OpenedRetriever> {
  const { runs, kind, weights, depth, recall_validation: settings } = loadFusionConfig(run.configFile);
  const opened: OpenedRetriever[] = [];
  for (const dir of runs) opened.push(await openRetriever(dir, { listener }));
  const answered = new Set(run.queries().map((result) => result.set));
  const fusion = weights === null ? { kind } : { kind, weights };
  return {
    ...opened[0]!,
    run,
    prepare: sharedPreparation(opened),
    retriever: new FusionRetriever(
      opened.map((one) => one.retriever),
      fusion,
      depth,
    ),
    sets: opened[0]!.sets.filter((set) => answered.has(set.name)),
    settings,
    queryColumns: [...new Set(opened.flatMap((one) => one.queryColumns))],
    readQueries: async (queries) => {
      for (const one of opened) await one.readQueries?.(queries);
    },
    documentColumns: [...new Set(opened.flatMap((one) => one.documentColumns))],
    close: () => {
      for (const one of opened) one.close();
    },
  };
}

async function openRankings(run: RunFolder, listener: Listener): Promise<OpenedRetriever> {
  const results = run.queries();
  const sets = [...new Set(results.map((result) => result.set))];
  const settings = recallValidationSection.parse({ k: [10, 100], query_typo_probabilities: [0], sets });
  const column = "query_search_phrase";
  const source = {
    dataset_dir: run.manifest().dataset.dir,
    max_malformed_rows: 0,
    recall_validation: settings,
  };
  const evaluation = await loadEvaluation(source, [column], [], listener);
  return {
    run,
    retriever: new FrozenRankings(results, column),
    sets: evaluation.sets,
    settings,
    textColumns: [column],
    queryColumns: [column],
    nameColumn: "document_name",
    documentColumns: [],
    close: () => {},
  };
}
