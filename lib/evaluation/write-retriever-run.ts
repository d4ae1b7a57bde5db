import type { Listener } from "../engine/progress.js";
import { askedMeasures } from "../experiment/asked-measures.js";
import type { EvaluationSet } from "../experiment/evaluation-set.js";
import type { RecallValidationConfig } from "../experiment/sections/evaluation.js";
import { replaceLocked } from "../files/replace-folder.js";
import { writeSealedYaml } from "../files/sealed-text.js";
import type { Retriever } from "../retrieval/retrievers/retriever.js";
import { checkPlace } from "../tracking/reuse-run.js";
import {
  currentCommit,
  hostFacts,
  type Manifest,
  packageVersions,
  RUN_MARKS,
  RunFolder,
} from "../tracking/run-folder.js";
import { evaluate } from "./evaluate.js";

/** What a system that needs no training of its own is evaluated by, and what its run folder says of it. */
export interface RetrieverRun {
  /** The system's name. */
  kind: string;
  config: {
    name: string;
    task_id: string;
    run_id: string;
    commit_hash: string | null;
    recall_validation: RecallValidationConfig;
  };
  /** The resolved configuration as YAML. */
  configText: string;
  /** ISO time at which work began. */
  startedAt: string;
  seed: number;
  dataset: Manifest["dataset"];
  backend: string;
  counts: Record<string, number>;
  /** The runs that it is made of; empty if none. */
  madeOf: NonNullable<Manifest["madeOf"]>;
  retriever: Retriever;
  sets: readonly EvaluationSet[];
  textColumns: readonly string[];
  prepare: (text: string) => string;
}

/**
 * Evaluates a ready system and writes its run folder. An older run in its place is replaced when the new one is complete,
 * so that a system that fails, or is stopped, costs nothing that was finished. The caller holds the folder's lock.
 */
export async function writeRetrieverRun(
  run: RunFolder,
  system: RetrieverRun,
  listener: Listener,
): Promise<void> {
  const { config, kind, seed, dataset, backend, counts, startedAt } = system;
  const { k: ks, query_typo_probabilities: typoProbabilities } = config.recall_validation;
  checkPlace(run, kind);
  const began = performance.now();
  const evaluation = await evaluate({
    sets: system.sets,
    retriever: system.retriever,
    ks,
    measures: askedMeasures(config.recall_validation),
    typoProbabilities,
    textColumns: system.textColumns,
    prepare: system.prepare,
    listener,
  });
  const fill = async (folder: string): Promise<void> => {
    const written = new RunFolder(folder);
    writeSealedYaml(written.configFile, system.configText);
    written.appendMetrics(evaluation.means.map(({ name, value }) => ({ epoch: 0, step: 0, name, value })));
    written.appendTiming({ epoch: 0, name: "evaluate", seconds: (performance.now() - began) / 1000 });
    written.writeQueries(evaluation.perQuery);
    written.writeManifest({
      runFormat: 2,
      kind,
      system: config.name,
      taskId: config.task_id,
      runId: config.run_id,
      seed,
      dataset,
      commit: config.commit_hash ?? currentCommit(),
      packages: packageVersions(),
      backend,
      engine: "none",
      host: hostFacts(),
      startedAt,
      endedAt: new Date().toISOString(),
      status: "finished",
      counts,
      ...(system.madeOf.length > 0 && { madeOf: system.madeOf }),
    });
  };
  await replaceLocked(run.dir, fill, RUN_MARKS);
}
