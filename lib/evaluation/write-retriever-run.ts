import type { Listener } from "../engine/progress.js";
import type { EvaluationSet } from "../experiment/evaluation-set.js";
import type { RecallValidationConfig } from "../experiment/sections/evaluation.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import type { Retriever } from "../retrieval/retrievers/retriever.js";
import {
  currentCommit,
  hostFacts,
  type Manifest,
  packageVersions,
  type RunFolder,
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
  retriever: Retriever;
  sets: readonly EvaluationSet[];
  textColumns: readonly string[];
  prepare: (text: string) => string;
}

/** Evaluates a ready system and fills its run folder; the manifest, which says that it is finished, comes last. */
export async function writeRetrieverRun(
  run: RunFolder,
  system: RetrieverRun,
  listener: Listener,
): Promise<void> {
  const { config, kind, seed, dataset, backend, counts, startedAt } = system;
  const { k: ks, measures, query_typo_probabilities: typoProbabilities } = config.recall_validation;
  const began = performance.now();
  const evaluation = await evaluate({
    sets: system.sets,
    retriever: system.retriever,
    ks,
    measures,
    typoProbabilities,
    textColumns: system.textColumns,
    prepare: system.prepare,
    listener,
  });
  atomicWriteFile(run.configFile, system.configText);
  run.appendMetrics(evaluation.means.map(({ name, value }) => ({ epoch: 0, step: 0, name, value })));
  run.appendTiming({ epoch: 0, name: "evaluate", seconds: (performance.now() - began) / 1000 });
  run.writeQueries(evaluation.perQuery);
  run.writeManifest({
    runFormat: 1,
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
  });
}
