import fs from "node:fs";
import { defaultListener, type Listener } from "../engine/progress.js";
import { writeRetrieverRun } from "../evaluation/write-retriever-run.js";
import type { Bm25Config } from "../experiment/bm25-schema.js";
import { formatConfig } from "../experiment/load-config.js";
import { loadEvaluation } from "../experiment/load-experiment.js";
import { bm25Retriever, documentColumns, queryPreparation } from "../retrieval/retrievers/bm25-retriever.js";
import { mayReuse } from "../tracking/reuse-run.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";

/**
 * Indexes and evaluates the lexical baseline into a run folder of its own. A folder that holds the finished run of the
 * same configuration and data is taken as it is.
 *
 * @param options.fresh  start over in any case
 */
export async function runBm25(
  config: Bm25Config,
  options: { fresh?: boolean; listener?: Listener } = {},
): Promise<RunFolder> {
  const { listener = defaultListener() } = options;
  const run = runFolderOf(config);
  const { dataset, sets, counts } = await loadEvaluation(
    config,
    [config.query_text],
    documentColumns(config),
    listener,
  );
  const matches = () =>
    run.manifest().dataset.fingerprint === dataset.fingerprint &&
    fs.readFileSync(run.configFile, "utf8") === formatConfig(config);
  if (mayReuse(run, { matches }, options)) return run;
  fs.rmSync(run.dir, { recursive: true, force: true });
  const startedAt = new Date().toISOString();
  await writeRetrieverRun(
    run,
    {
      kind: "bm25",
      config,
      configText: formatConfig(config),
      startedAt,
      seed: 0,
      dataset,
      backend: "none",
      counts,
      retriever: bm25Retriever(config),
      sets,
      textColumns: [config.query_text],
      prepare: queryPreparation(config),
    },
    listener,
  );
  return run;
}
