import fs from "node:fs";
import type { Bm25Config } from "../config/bm25-schema.js";
import { formatConfig } from "../config/load-config.js";
import { ngramAnalyzer } from "../retrieval/ngram-analysis.js";
import { createAnalyzer } from "../retrieval/text-analysis.js";
import { cleanPhrase } from "../tokenizer/clean-phrase.js";
import { isTakenAsItIs } from "./finished-run.js";
import { loadEvaluation } from "./load-experiment.js";
import type { Listener } from "./progress.js";
import { Bm25Ranker } from "./rankers.js";
import { type RunFolder, runFolderOf } from "./run-folder.js";
import { trainingQueriesOf } from "./training-queries.js";
import { writeRankerRun } from "./write-ranker-run.js";

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
  const { listener = {} } = options;
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
  if (isTakenAsItIs(run, { matches }, options)) return run;
  fs.rmSync(run.dir, { recursive: true, force: true });
  const startedAt = new Date().toISOString();
  await writeRankerRun(
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
      ranker: bm25Ranker(config),
      sets,
      textColumns: [config.query_text],
      prepare: queryPreparation(config),
    },
    listener,
  );
  return run;
}

/** The searcher that a configuration describes, before it has indexed anything. */
export function bm25Ranker(config: Bm25Config): Bm25Ranker {
  const { analysis, query_text: query } = config;
  const documents = documentColumns(config);
  return new Bm25Ranker({
    query,
    fields: config.fields?.map((field) => ({
      columns: field.document_text,
      trainingQueries: field.training_queries,
      weight: field.weight,
    })) ?? [{ columns: documents, trainingQueries: false, weight: 1 }],
    trainingQueries: (pool) =>
      trainingQueriesOf(config.dataset_dir, { query, documents }, pool, {
        maxMalformed: config.max_malformed_rows,
      }),
    k1: config.k1,
    b: config.b,
    variant: config.variant,
    ...(config.delta === undefined ? {} : { delta: config.delta }),
    ...analyzerOf(analysis),
  });
}

function analyzerOf(analysis: Bm25Config["analysis"]): { analyze?: (text: string) => string[] } {
  if (analysis.type === "cleaned") return {};
  if (analysis.type === "ngrams") {
    const ngrams = ngramAnalyzer({
      minLength: analysis.min_length,
      maxLength: analysis.max_length,
      words: analysis.words,
    });
    return { analyze: (text) => ngrams(cleanPhrase(text)) };
  }
  return {
    analyze: createAnalyzer({
      stopWords: analysis.stop_words,
      stemmer: analysis.stemmer,
      minLength: analysis.min_length,
    }),
  };
}

/** Columns searched in. */
export function documentColumns(config: Bm25Config): string[] {
  return typeof config.document_text === "string" ? [config.document_text] : config.document_text;
}

/** What happens to a query before typos and analysis: the standard analysis reads texts as they are written. */
export function queryPreparation(config: Bm25Config): (text: string) => string {
  return config.analysis.type === "standard" ? (text) => text : cleanPhrase;
}
