import { bm25Schema } from "../../config/bm25-schema.js";
import { fusionSchema } from "../../config/fusion-schema.js";
import { bm25VariantNames } from "../../retrieval/bm25-variants.js";
import type { Listener } from "../../training/progress.js";
import { runBm25 } from "../../training/run-bm25.js";
import type { RunFolder } from "../../training/run-folder.js";
import { runFusion } from "../../training/run-fusion.js";
import { runExperiment } from "../run-experiment.js";
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

/**
 * BM25 in all its variants (k1 0.9 and b 0.4, English stop words and stems, as the published figures have it), once
 * more over plain words, the dense system with every seed, and both fused. Runs that are finished are taken as they are.
 */
export async function evidenceRuns(set: EvidenceSet, listener: Listener): Promise<RunFolder[]> {
  const task = `evidence-${set.name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`.replace(/-$/, "");
  const sets = [...set.sets, ...(set.validation === null ? [] : [set.validation])];
  const evaluation = {
    ...{ enabled: true, k: KS, measures: [...evidenceMeasures], sets },
    query_typo_probabilities: set.dense.kind === "trained" ? TYPOS : [0],
  };
  const lexical = (runId: string, name: string, more: object) =>
    runBm25(
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
  const dense = await denseRuns(set, task, evaluation, listener);
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
      fused.push(await runFusion(config, { listener }));
    }
  return [...bm25, ...dense, ...fused];
}

async function denseRuns(
  set: EvidenceSet,
  task: string,
  evaluation: Record<string, unknown>,
  listener: Listener,
): Promise<RunFolder[]> {
  const { dense } = set;
  const measures = evidenceMeasures;
  if (dense.kind === "pretrained") {
    const [textColumn] = set.documentText;
    const where = { datasetDir: set.dir, sets: evaluation["sets"] as string[], modelDir: dense.modelDir };
    const what = { system: dense.name, taskId: task, runId: "pretrained", ks: KS, measures };
    return [await pretrainedRun({ ...where, ...what, textColumn: textColumn!, listener })];
  }
  const runs: RunFolder[] = [];
  for (const seed of dense.seeds) {
    const own = { task_id: task, run_id: `dense-seed${seed}`, name: dense.name, seed, dataset_dir: set.dir };
    const overrides = Object.entries({
      ...own,
      ...Object.fromEntries(
        Object.entries(evaluation).map(([key, value]) => [`recall_validation.${key}`, value]),
      ),
      "recall_validation.every_epochs": 100,
    }).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    runs.push(await runExperiment(dense.config, [...dense.overrides, ...overrides], listener));
  }
  return runs;
}
