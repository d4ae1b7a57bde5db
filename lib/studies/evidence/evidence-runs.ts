import { openDataset } from "../../datasets/open-dataset.js";
import type { Listener } from "../../engine/progress.js";
import { loadConfig } from "../../experiment/load-config.js";
import { UserError } from "../../files/user-error.js";
import { bm25VariantNames } from "../../retrieval/lexical/bm25-variants.js";
import { bm25Schema, bm25System } from "../../retrieval/retrievers/bm25-system.js";
import { fusionSchema, fusionSystem } from "../../retrieval/retrievers/fusion-system.js";
import { runExperiment } from "../../runs/run-experiment.js";
import { isFinished } from "../../runs/run-sweep.js";
import { runSystem } from "../../runs/run-system.js";
import { type RunFolder, runFolderOf } from "../../tracking/run-folder.js";
import { type EvidenceSet, LUCENE } from "./evidence-sets.js";
import { pretrainedRun } from "./pretrained-rankings.js";

/** Measured for every system beside Recall and MRR at 10 and 100. */
export const evidenceMeasures: readonly string[] = [
  "nDCG@10",
  "nDCG(exp)@10",
  "MAP@100",
  "P@10",
  "HitRate@10",
  "F1@10",
  "RPrec",
  "bpref",
  "RBP@100",
  "Judged@10",
  "nDCG(judged)@10",
];

const titles = {
  lucene: LUCENE,
  robertson: "BM25, Robertson",
  atire: "BM25, ATIRE",
  "bm25+": "BM25+",
  bm25l: "BM25L",
} as const;

const KS = [10, 100];
const TYPOS = [0, 0.5];

/** Folder of a data set's runs. */
export function evidenceTask(set: EvidenceSet): string {
  return `evidence-${set.name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`.replace(/-$/, "");
}

/**
 * BM25 in all its variants (k1 0.9 and b 0.4, English stop words and stems, as the published figures have it), once
 * more over plain words, the dense system with every seed, and both fused. Finished runs are reused.
 */
export async function evidenceRuns(set: EvidenceSet, listener: Listener): Promise<RunFolder[]> {
  const task = evidenceTask(set);
  const evaluation = evaluationOf(set);
  const lexical = (runId: string, name: string, more: object) =>
    runSystem(
      bm25System,
      bm25Schema.parse({
        ...{ system: "bm25", task_id: task, run_id: runId, name, dataset_dir: set.dir, k1: 0.9, b: 0.4 },
        ...{ document_text: [...set.documentText], recall_validation: evaluation, ...more },
      }),
      { listener },
    );
  const bm25: RunFolder[] = [];
  for (const variant of bm25VariantNames)
    bm25.push(
      await lexical(variant.replace("+", "-plus"), titles[variant], {
        variant,
        analysis: { type: "standard" },
      }),
    );
  bm25.push(await lexical("plain-words", "BM25, Lucene, plain words", { analysis: { type: "cleaned" } }));
  const dense = await denseRuns(set, listener);
  const fused: RunFolder[] = [];
  for (const run of dense)
    for (const kind of set.validation === null
      ? (["reciprocal-rank"] as const)
      : (["reciprocal-rank", "min-max"] as const)) {
      const { runId, system } = run.manifest();
      const how = kind === "min-max" ? "weight from validation" : "reciprocal ranks";
      const config = fusionSchema.parse({
        ...{ system: "fusion", task_id: task, run_id: `${kind}-${runId}`, kind },
        name: `BM25 + ${system}, ${how}`,
        runs: [bm25[0]!.dir, run.dir],
        ...(set.validation === null ? {} : { validation_set: set.validation }),
        recall_validation: { ...evaluation, sets: [...set.sets] },
      });
      fused.push(await runSystem(fusionSystem, config, { listener }));
    }
  return [...bm25, ...dense, ...fused];
}

/** What every run of a data set is asked. */
function evaluationOf(set: EvidenceSet) {
  return {
    ...{ enabled: true, k: KS, measures: [...evidenceMeasures] },
    sets: [...set.sets, ...(set.validation === null ? [] : [set.validation])],
    query_typo_probabilities: set.dense.kind === "trained" ? TYPOS : [0],
  };
}

async function denseRuns(set: EvidenceSet, listener: Listener): Promise<RunFolder[]> {
  const { dense } = set;
  if (dense.kind === "pretrained") {
    const where = { datasetDir: set.dir, sets: evaluationOf(set).sets, modelDir: dense.modelDir };
    const what = { system: dense.name, taskId: evidenceTask(set), runId: "pretrained" };
    const asked = { ks: KS, measures: evidenceMeasures, textColumn: set.documentText[0]! };
    return [await pretrainedRun({ ...where, ...what, ...asked, listener })];
  }
  const runs: RunFolder[] = [];
  for (const seed of dense.seeds) runs.push(await trainedRun(set, seed, listener));
  return runs;
}

/** The data set's trained encoder with one seed, trained if need be. @throws RangeError if its dense system is not trained */
export async function trainedRun(set: EvidenceSet, seed: number, listener: Listener): Promise<RunFolder> {
  const { dense } = set;
  if (dense.kind !== "trained")
    throw new UserError(`trainedRun: set must train its dense system, got ${set.name}`);
  const evaluation = Object.entries(evaluationOf(set)).map(([key, value]) => [
    `recall_validation.${key}`,
    value,
  ]);
  const overrides = Object.entries({
    ...{
      task_id: evidenceTask(set),
      run_id: `dense-seed${seed}`,
      name: dense.name,
      seed,
      dataset_dir: set.dir,
    },
    ...Object.fromEntries(evaluation),
    "recall_validation.every_epochs": 100,
  }).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const config = loadConfig(dense.config, [...dense.overrides, ...overrides]);
  const run = runFolderOf(config);
  const { fingerprint } = openDataset(set.dir, { verify: "size" });
  if (isFinished(config) && run.manifest().dataset.fingerprint === fingerprint) return run;
  return runExperiment(dense.config, { overrides: [...dense.overrides, ...overrides], listener });
}
