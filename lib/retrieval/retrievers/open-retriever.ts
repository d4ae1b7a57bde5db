import { parse } from "yaml";
import type { Listener } from "../../engine/progress.js";
import { loadEvaluation } from "../../experiment/load-experiment.js";
import { recallValidationSection } from "../../experiment/sections/evaluation.js";
import { readSealed } from "../../files/sealed-text.js";
import { UserError } from "../../files/user-error.js";
import { checkData, checkParts } from "../../tracking/check-origin.js";
import { openRun, type RunFolder } from "../../tracking/run-folder.js";
import { FrozenRankings } from "./frozen-rankings.js";
import { loadStoredSystemConfig } from "./load-any-config.js";
import { type OpenedRetriever, readingOf } from "./retrieval-system.js";
import { systemOf } from "./systems.js";

/**
 * Opens a run's system, whichever is registered under the kind that its manifest names, and its evaluation sets. Rankings
 * made elsewhere answer their own queries only.
 *
 * @param options.checkpoint  an encoder's weights from this checkpoint instead of the final ones
 * @throws UserError if the data set, or a run that it is made of, is no longer what it was made from
 */
export async function openRetriever(
  dir: string,
  options: { checkpoint?: string; listener?: Listener } = {},
): Promise<OpenedRetriever> {
  const { listener = {}, checkpoint } = options;
  const run = openRun(dir);
  const { kind } = run.manifest();
  if (options.checkpoint !== undefined && kind !== "dense")
    throw new UserError(`checkpoint: must be given for a trained encoder only, got a run of kind ${kind}`);
  if (kind === "rankings") return openRankings(run, listener);
  checkParts(run);
  const system = systemOf(kind);
  const { config, origin, ...opened } = await system.open(loadStoredSystemConfig(system, run.configFile), {
    run,
    listener,
    ...(checkpoint !== undefined && { checkpoint }),
    openRun: (other) => openRetriever(other, { listener }),
  });
  checkData(run, origin.dataset);
  return {
    ...opened,
    ...readingOf(opened, run.manifest().dataset.dir),
    run,
    settings: config.recall_validation,
  };
}

/** @throws RangeError if a system's queries have no text that could be misspelled or corrected, as `what` asks for */
export function checkMisspellable({ textColumns, queryColumns }: OpenedRetriever, what: string): void {
  if (textColumns.length === 0)
    throw new UserError(`${what}: queries must have text to misspell, got ${queryColumns.join(", ")} alone`);
}

async function openRankings(run: RunFolder, listener: Listener): Promise<OpenedRetriever> {
  const { not_searchable: why, evaluation: on } = parse(readSealed(run.configFile)) ?? {};
  if (why !== undefined && on === "passed") throw new UserError(`${run.dir}: cannot be searched: ${why}`);
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
  checkData(run, evaluation.dataset);
  return {
    run,
    retriever: new FrozenRankings(results, evaluation.sets, column, why),
    ...readingOf({}, source.dataset_dir),
    sets: evaluation.sets,
    settings,
    textColumns: [column],
    queryColumns: [column],
    nameColumn: "document_name",
    documentColumns: [],
    close: () => {},
  };
}
