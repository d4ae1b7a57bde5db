import fs from "node:fs";
import path from "node:path";
import { selectBackend } from "../../engine/backend.js";
import { defaultListener, type Listener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { makeFolder } from "../../files/make-folder.js";
import { UserError } from "../../files/user-error.js";
import { takeFirstDevice } from "../../training/parallel/replicas.js";
import { ensembleScores, scorePredictions, searchEnsemble } from "./ensemble.js";
import {
  type Answers,
  type Predictions,
  readAnswers,
  readPredictions,
  submissionCsv,
  writePredictions,
} from "./files/prediction-files.js";
import { FinishedSteps } from "./finished-steps.js";
import { generateTask } from "./generate-task.js";
import type { KddConfig } from "./kdd-schema.js";
import { filesOf, prepare } from "./prepare.js";
import { labelPredictions, pretrain } from "./pretrain.js";
import { averagePredictions, trainMatcher } from "./train-matcher.js";
import { loadWeights, openWorkspace } from "./workspace.js";

/** Steps of the system in order. */
export const kddSteps = ["generate", "prepare", "pretrain", "model1", "model2", "ensemble"] as const;
export type KddStep = (typeof kddSteps)[number];

/** nDCG@5 of the answered queries of a set, each and on average. */
export interface KddScores {
  mean: number;
  perQuery: Record<string, number>;
}

/** What every system scores: on validation, and on the test set where its answers are there. */
export interface KddReport {
  seed: number;
  ensembleWeight: number;
  systems: { name: string; validation: KddScores; test: KddScores | null }[];
}

export interface RunKddOptions {
  /** run these, finished or not; default: all in order, without those that are finished with this configuration */
  steps?: readonly KddStep[];
  listener?: Listener;
}

/**
 * Runs steps of the KDD Cup system in their order. Every step reads the files of the ones before and writes its own, so
 * steps can be run one at a time, and a run that was stopped goes on with the step it was in.
 *
 * @returns the report if the last step was run, else null
 */
export async function runKdd(config: KddConfig, options: RunKddOptions = {}): Promise<KddReport | null> {
  const { steps = kddSteps, listener = defaultListener() } = options;
  const line = (text: string) => listener.line?.(text);
  makeFolder(config.work_dir);
  let report: KddReport | null = null;
  for (const step of kddSteps.filter((name) => steps.includes(name))) {
    if (step === "generate") await generateIfNeeded(config, line);
    else if (step === "ensemble") report = ensemble(config, line);
    else {
      const finished = new FinishedSteps(config);
      if (finished.has(step)) {
        if (options.steps === undefined) {
          line(`${step}: finished before, reused`);
          continue;
        }
        fs.rmSync(filesOf(config).training(step), { recursive: true, force: true });
      }
      finished.begin(step);
      if (step === "prepare") line(`prepared: ${counted(prepare(config, line).counts)}`);
      else {
        if (config.data_parallel > 1 && config.backend === "tensorflow") takeFirstDevice();
        line((await selectBackend(config.backend)).line);
        if (config.data_parallel > 1) line(`data-parallel over ${config.data_parallel} processes`);
        await runTraining(config, step, listener);
      }
      finished.finish(step);
    }
  }
  return report;
}

/**
 * {@link runKdd} with several seeds on the same task files, each in a folder of its own, `<work_dir>/seed-<n>`. The
 * configuration's seed makes the task files, if they are to be made.
 *
 * @param options.matchingOnly  seeds of the matching models: one preparation and one pre-training serve all, and what
 * each seed makes stands in `<work_dir>/matching-<n>`
 * @returns the reports, in the order of the seeds, if the last step was run, else none
 */
export async function runKddSeeds(
  config: KddConfig,
  seeds: readonly number[],
  options: RunKddOptions & { matchingOnly?: boolean } = {},
): Promise<KddReport[]> {
  const { matchingOnly = false } = options;
  if (new Set(seeds).size !== seeds.length)
    throw new UserError(`seeds: must differ, for one run is not two, got ${seeds.join(", ")}`);
  const steps = (options.steps ?? kddSteps).includes("generate") ? (["generate"] as const) : [];
  await runKdd(config, { ...options, steps });
  const reports: KddReport[] = [];
  for (const seed of seeds) {
    options.listener?.line?.(`seed ${seed}`);
    const own = matchingOnly
      ? { ...config, matching_seed: seed }
      : { ...config, seed, work_dir: path.join(config.work_dir, `seed-${seed}`) };
    const report = await runKdd(own, options);
    if (report !== null) reports.push(report);
  }
  return reports;
}

async function generateIfNeeded(config: KddConfig, line: (text: string) => void): Promise<void> {
  const { generate } = config;
  if (generate === null || fs.existsSync(path.join(config.data_dir, "train.tsv"))) return;
  const counts = await generateTask({
    datasetDir: generate.dataset_dir,
    outDir: config.data_dir,
    seed: config.seed,
    documents: generate.documents,
    variants: generate.variants,
    trainRows: generate.train_rows,
    queries: generate.queries,
    candidates: generate.candidates,
  });
  line(`generated ${config.data_dir}: ${counted(counts)}`);
}

async function runTraining(
  config: KddConfig,
  step: "pretrain" | "model1" | "model2",
  listener: Listener,
): Promise<void> {
  const files = filesOf(config);
  const space = openWorkspace(config);
  try {
    if (step !== "pretrain") {
      const result = await trainMatcher(space, step === "model1" ? 1 : 2, listener);
      listener.line?.(
        `${step}: epoch ${result.epoch} predicts; ${result.effectiveBatch.toFixed(1)} rows per batch after collation`,
      );
      return;
    }
    const { epoch } = await pretrain(space, listener);
    listener.line?.(`exported the encoder of epoch ${epoch}: ${files.encoder}`);
    loadWeights(files.encoder, space.imageWeights);
    for (const set of ["valid", "test"] as const) {
      writePredictions(baselineFile(config, set, "labels"), labelPredictions(space, set));
      writePredictions(baselineFile(config, set, "average"), averagePredictions(space, set));
      writePredictions(
        baselineFile(config, set, "random"),
        randomPredictions(space.data.candidates[set], config.seed),
      );
    }
  } finally {
    space.words.dispose();
    for (const weight of Object.values(space.imageWeights)) weight.dispose();
  }
}

function ensemble(config: KddConfig, line: (text: string) => void): KddReport {
  const files = filesOf(config);
  for (const n of [1, 2] as const)
    if (!fs.existsSync(files.predictions("test", n)))
      throw new UserError(
        `${files.predictions("test", n)}: must exist, found none; run the step model${n} first`,
      );
  const answers = readAnswers(path.join(config.data_dir, "valid_answer.json"));
  const read = (set: "valid" | "test") =>
    [1, 2].map((n) => readPredictions(files.predictions(set, n as 1 | 2))) as [Predictions, Predictions];
  const [valid1, valid2] = read("valid");
  const [test1, test2] = read("test");
  const { points, scaling } = config.ensemble;
  const found = searchEnsemble(valid1, valid2, answers, { points, scaling });
  const combined = {
    valid: ensembleScores(valid1, valid2, found.weight, scaling),
    test: ensembleScores(test1, test2, found.weight, scaling),
  };
  atomicWriteFile(files.submission, submissionCsv(combined.test));
  const answerFile = path.join(config.data_dir, `${config.test_set}_answer.json`);
  const testAnswers = fs.existsSync(answerFile) ? readAnswers(answerFile) : null;
  const systems: [string, Predictions, Predictions][] = [
    ...(["random", "labels", "average"] as const).map((kind): [string, Predictions, Predictions] => [
      { random: "Random", labels: "Label loss (pre-training)", average: "Unweighted words" }[kind],
      readPredictions(baselineFile(config, "valid", kind)),
      readPredictions(baselineFile(config, "test", kind)),
    ]),
    ["Model 1: weighted words", valid1, test1],
    ["Model 2: sentence", valid2, test2],
    ["Ensemble", combined.valid, combined.test],
  ];
  const scored = (predictions: Predictions, right: Answers): KddScores => {
    const { mean, perQuery } = scorePredictions(predictions, right);
    return { mean, perQuery: Object.fromEntries(perQuery) };
  };
  const report: KddReport = {
    seed: config.matching_seed ?? config.seed,
    ensembleWeight: found.weight,
    systems: systems.map(([name, valid, test]) => ({
      name,
      validation: scored(valid, answers),
      test: testAnswers === null ? null : scored(test, testAnswers),
    })),
  };
  atomicWriteFile(files.report, `${JSON.stringify(report, null, 2)}\n`);
  line(`submission: ${files.submission}`);
  return report;
}

function baselineFile(config: KddConfig, set: "valid" | "test", kind: string): string {
  return path.join(config.work_dir, "prediction_result", `${set}_pred_${kind}.json`);
}

function randomPredictions(
  candidates: Readonly<Record<string, { products: readonly string[] }>>,
  seed: number,
): Predictions {
  const random = new Random(seed).fork("random");
  return new Map(
    Object.entries(candidates).map(([id, { products }]) => [
      id,
      products.map((product): [string, number] => [product, random.next()]),
    ]),
  );
}

function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count.toLocaleString("en")} ${name}`)
    .join(", ");
}
