import fs from "node:fs";
import { formatConfig, loadNeighboursConfig } from "../config/load-config.js";
import type { NeighboursConfig } from "../config/neighbours-schema.js";
import { sourceColumns } from "../features/feature-pipeline.js";
import { cleanPhrase } from "../tokenizer/clean-phrase.js";
import { answeredQueries } from "./answered-queries.js";
import { OnnxEmbedder } from "./embedder.js";
import { encoderTexts } from "./encoder-texts.js";
import type { Ranker } from "./evaluate.js";
import type { EvaluationSet } from "./evaluation-set.js";
import { isTakenAsItIs } from "./finished-run.js";
import { type LoadedExperiment, loadExperiment } from "./load-experiment.js";
import { NeighbourRanker } from "./neighbour-ranker.js";
import { openEncoder } from "./open-encoder.js";
import type { Listener } from "./progress.js";
import { type RunFolder, runFolderOf } from "./run-folder.js";
import { encoderPreparation } from "./run-ranker.js";
import { encoderSpec } from "./specs.js";
import { writeRankerRun } from "./write-ranker-run.js";

/**
 * Evaluates the nearest training queries by a finished encoder's query tower, as one system in a run folder of its own. A
 * folder that holds the finished run of the same configuration, later than the encoder's, is taken as it is.
 *
 * @param options.fresh  start over in any case
 */
export async function runNeighbours(
  config: NeighboursConfig,
  options: { fresh?: boolean; listener?: Listener } = {},
): Promise<RunFolder> {
  const { listener = {} } = options;
  const run = runFolderOf(config);
  const matches = () => formatConfig(loadNeighboursConfig(run.configFile)) === formatConfig(config);
  if (isTakenAsItIs(run, { matches, madeOf: [config.run] }, options)) return run;
  const startedAt = new Date().toISOString();
  const { run: encoderRun, ...system } = await openNeighbours(config, listener);
  try {
    const { seed, dataset, backend } = encoderRun.manifest();
    const { sets: wanted } = config.recall_validation;
    const sets = system.sets.filter((set) => wanted?.includes(set.name) ?? true);
    if (sets.length === 0)
      throw new RangeError(
        `recall_validation.sets: must name evaluation sets of the run (${system.sets.map((set) => set.name).join(", ")}), got ${wanted?.join(", ")}`,
      );
    fs.rmSync(run.dir, { recursive: true, force: true });
    await writeRankerRun(
      run,
      {
        kind: "neighbours",
        config,
        configText: formatConfig(config),
        startedAt,
        seed,
        dataset,
        backend,
        counts: {},
        ranker: system.ranker,
        sets,
        textColumns: system.textColumns,
        prepare: system.prepare,
      },
      listener,
    );
    return run;
  } finally {
    system.close();
  }
}

/** The system of such a configuration, ready to answer; `run` is the encoder's. */
export async function openNeighbours(
  config: Pick<NeighboursConfig, "run" | "neighbours" | "temperature">,
  listener: Listener = {},
): Promise<{
  run: RunFolder;
  ranker: Ranker;
  sets: EvaluationSet[];
  textColumns: string[];
  queryColumns: string[];
  readQueries: LoadedExperiment["readQueries"];
  nameColumn: string;
  documentColumns: string[];
  prepare: (text: string) => string;
  close(): void;
}> {
  const { run, config: trained, encoder } = await openEncoder(config.run, { listener });
  const data = await loadExperiment(trained, listener, { training: false });
  const { query_features: queries, document_features: documents } = trained.dataset;
  const onnx =
    trained.recall_validation.encode_with === "onnx"
      ? new OnnxEmbedder(encoder, () => encoderSpec(trained))
      : null;
  const columnsOf = (features: typeof queries) => [
    ...new Set(features.flatMap((feature) => [...sourceColumns({ from: undefined, ...feature })])),
  ];
  const columns = { queries: columnsOf(queries), documents: columnsOf(documents) };
  const ranker = new NeighbourRanker(
    { encoder, queryFeatures: data.features.queryFeatures, ...(onnx && { embed: onnx.embed }) },
    {
      neighbours: config.neighbours,
      temperature: config.temperature,
      known: (pool) =>
        answeredQueries(trained.dataset_dir, columns, pool, {
          maxMalformed: trained.max_malformed_rows,
          onError: trained.on_error,
        }),
    },
  );
  const { prepare } = encoderPreparation(trained);
  return {
    run,
    ranker,
    sets: data.sets,
    ...encoderTexts(trained),
    readQueries: data.readQueries,
    prepare: prepare ?? cleanPhrase,
    close: () => {
      void onnx?.close();
      encoder.dispose();
    },
  };
}
