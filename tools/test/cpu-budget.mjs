/** CPU seconds that a test file should take at most, loading and child processes included. */
export const BUDGET = 2;

/** A machine that is slower, or shares its cores, counts more CPU seconds for the same work: so many times as many pass. */
export const SLACK = 2.5;

/** Files that may take more: the most they may take, and what for. */
export const LISTED = {
  "tests/readme.test.ts": { most: 250, why: "every command of the README, npm start included" },
  "tests/node-versions.test.ts": {
    most: 110,
    why: "training, sweep, search, report and notebook under three versions of Node",
  },
  "tests/tools/notebooks.test.ts": { most: 60, why: "notebooks executed by Jupyter" },
  "tests/training/streamed-training.test.ts": {
    most: 46,
    why: "whole runs, streamed and in memory, byte for byte",
  },
  "tests/cli/cli.test.ts": { most: 46, why: "commands in processes of their own" },
  "tests/training/kill.test.ts": {
    most: 37,
    why: "a run killed and resumed at each of some 25 kinds of write",
  },
  "tests/experiment/stream/batch-stream.test.ts": { most: 34, why: "part files read by worker threads" },
  "tests/studies/kdd/kdd-parallel.test.ts": {
    most: 16,
    why: "three trainings, each beside a process of its own",
  },
  "tests/training/parallel-trainer.test.ts": {
    most: 28,
    why: "eight processes started beside the test, and three runs of three epochs",
  },
  "tests/engine/jit/kernel-table.test.ts": {
    most: 14,
    why: "some two hundred graphs opened, two for each kernel",
  },
  "tests/training/engine-drift.test.ts": {
    most: 8,
    why: "two hundred training steps by tfjs and by graphs",
  },
  "tests/training/jit-run.test.ts": { most: 6, why: "runs of two epochs, resumed and by two engines" },
  "tests/training/engines.test.ts": {
    most: 6,
    why: "ten families trained by tfjs and by graphs",
  },
  "tests/tools/gpu-check.test.ts": {
    most: 14,
    why: "processes that train three small models, and one that looks for a GPU",
  },
  "tests/tools/gpu-probe.test.ts": {
    most: 12,
    why: "three processes that open a provider, one on a software driver",
  },
  "tests/training/backend-steps.test.ts": {
    most: 6,
    why: "four encoders and five optimisers on a backend of their own, or TensorFlow's library loaded",
  },
  "tests/runs/bad-input.test.ts": { most: 22, why: "a run for every fault of a data set or folder" },
  "tests/negatives/cache/toy-encoder.test.ts": {
    most: 22,
    why: "a toy encoder trained against a cache of negatives",
  },
  "tests/analysis/data-doctor/examine-data.test.ts": {
    most: 6,
    why: "a data set examined for every fault and every kind of file",
  },
  "tests/analysis/data-doctor/measure-cost.test.ts": { most: 5, why: "trained with and without a finding" },
  "tests/tuning/tune.test.ts": { most: 30, why: "tunings by one and two workers, ended and gone on with" },
  "tests/browser/live-page.test.ts": {
    most: 15,
    why: "a report searched, and looked at by axe-core, in Chromium",
  },
  "tests/service/labelling.test.ts": {
    most: 14,
    why: "a labelling page answered by keys, and looked at by axe-core, in Chromium",
  },
  "tests/annotation/label/labelling.test.ts": {
    most: 9,
    why: "labellings with training after every answer, ended and gone on with, one of 84 answers",
  },
  "tests/browser/judge-page.test.ts": {
    most: 12,
    why: "the judging page worked, and looked at by axe-core, in Chromium, from a file and from a server",
  },
  "tests/browser/judging/judging-session.test.ts": {
    most: 6,
    why: "hundreds of judging sessions, whose mean must be the truth",
  },
  "tests/service/life-cycle.test.ts": {
    most: 12,
    why: "a server that trains in processes, from upload to search",
  },
  "tests/service/dashboard.test.ts": { most: 10, why: "the server's page used in Chromium" },
  "tests/runs/push/push-index.test.ts": { most: 9, why: "runs pushed, and read by Python and PGlite" },
  "tests/parts-in-use.test.ts": { most: 8, why: "loads the whole public face, as a new user does" },
  "tests/training/fit/synthesize-runs.test.ts": { most: 8, why: "two runs and a student" },
  "tests/training/train.test.ts": { most: 20, why: "whole runs, resumed and on both engines" },
  "tests/cluster/sweep-rows.test.ts": { most: 16, why: "rows trained, stopped and resumed in processes" },
  "tests/cluster/engines.test.ts": { most: 6, why: "compiles the engines' schemas" },
  "tests/experiment/judgements-in-use.test.ts": {
    most: 9,
    why: "runs trained and evaluated with judgements",
  },
  "tests/studies/ablation/ablation-effects.test.ts": { most: 4, why: "hundreds of run folders" },
  "tests/runs/sweep.test.ts": { most: 18, why: "sweeps in worker processes" },
  "tests/fused/fused-trainer.test.ts": {
    most: 18,
    why: "models on 1, 2, 3 and 8 threads, beside the tfjs path",
  },
  "tests/training/negatives.test.ts": { most: 15, why: "a run for every source of negatives" },
  "tests/training/typo-training.test.ts": { most: 12, why: "runs that train on typos and teach themselves" },
  "tests/studies/kdd/run-kdd.test.ts": { most: 9, why: "the whole system of the KDD Cup on generated rows" },
  "tests/studies/kdd/train-step.test.ts": { most: 3, why: "a training killed at every kind of write" },
  "tests/datasets/emoji/build-emoji.test.ts": { most: 9, why: "the emoji set built several times" },
  "tests/retrieval/indexes/search-kernels.test.ts": {
    most: 8,
    why: "compiles the kernels from their sources",
  },
  "tests/engine/kernels.test.ts": { most: 8, why: "compiles the kernels from their sources" },
  "tests/training/fit/fit-options.test.ts": { most: 5, why: "a fit for every option, to see what it does" },
  "tests/training/fit/fit-run.test.ts": {
    most: 7,
    why: "runs of fit, resumed, searched and evaluated again",
  },
  "tests/training/fit/registered.test.ts": { most: 7, why: "a run for every registered part" },
  "tests/tuning/kill-tune.test.ts": { most: 5, why: "two tunings in processes, one killed and resumed" },
  "tests/retrieval/indexes/exact-index.test.ts": { most: 7, why: "indexes large enough for threads" },
  "tests/fused/row-moments.test.ts": {
    most: 7,
    why: "every path with moments in 16 bits, on 1, 2 and 3 threads",
  },
  "tests/experiment/token-weights.test.ts": {
    most: 7,
    why: "the emoji set counted, and runs weighted by it",
  },
  "tests/training/objectives/distillation.test.ts": { most: 6, why: "teachers and students trained" },
  "tests/training/validation.test.ts": { most: 5, why: "runs with every kind of validation" },
  "tests/studies/thesis/views.test.ts": { most: 5, why: "small runs of every table of the thesis" },
  "tests/runs/doctor/examine.test.ts": { most: 5, why: "several models examined by training steps" },
  "tests/reporting/html-page.test.ts": { most: 5, why: "pages drawn in a browser" },
  "tests/negatives/cache/cache-loss.test.ts": { most: 5, why: "gradients by finite differences" },
  "tests/runs/languages.test.ts": { most: 8, why: "a set of each of eight languages, trained and searched" },
  "tests/tools/qdrl.test.ts": { most: 6, why: "the command line started from several folders" },
  "tests/datasets/importers/msrd.test.ts": { most: 4, why: "the published collection read, where a copy is" },
  "tests/datasets/importers/chorus.test.ts": {
    most: 6,
    why: "the published catalogue read, where a copy is",
  },
  "tests/training/fit/fit.test.ts": { most: 4, why: "several models fitted" },
  "tests/retrieval/indexes/approximate-index.test.ts": { most: 4, why: "graphs built and searched" },
  "tests/metrics/calibration.test.ts": { most: 4, why: "coverage over thousands of simulated samples" },
  "tests/tools/compile-cache.test.ts": { most: 3, why: "starts kernels in processes of their own" },
  "tests/analysis/maps/umap.test.ts": { most: 3, why: "maps of a thousand points" },
  "tests/optimizers/optimizers.test.ts": { most: 3, why: "every optimiser beside its dense reference" },
  "tests/experiment/table-sizes.test.ts": { most: 3, why: "data sets counted and runs begun" },
  "tests/evaluation/run-threshold.test.ts": { most: 3, why: "a run trained and its threshold searched" },
  "tests/encoders/onnx/towers.test.ts": { most: 3, why: "towers exported, run by onnxruntime and compared" },
  "tests/datasets/parquet.test.ts": { most: 3, why: "files of several writers and sizes" },
  "tests/analysis/comparison.test.ts": { most: 3, why: "two runs trained and compared" },
  "tests/reporting/cell-pictures.test.ts": { most: 5, why: "a figure drawn in a browser" },
  "tests/tools/package.test.ts": { most: 30, why: "compiles lib with declarations, packs and installs it" },
};

/**
 * @param {Record<string, number>} seconds  CPU seconds by test file
 * @param {number} count
 * @returns {string[]} a line for each of the `count` slowest files, the slowest first
 */
export function slowestFiles(seconds, count) {
  return Object.entries(seconds)
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([file, value]) => `${value.toFixed(1).padStart(6)} s  ${file}`);
}

/**
 * @param {Record<string, number>} seconds  CPU seconds by test file
 * @param {Record<string, {most: number, why: string}>} [listed]
 * @returns {string[]} a line for each file that took more than {@link SLACK} times what it should
 */
export function overBudget(seconds, listed = LISTED) {
  return Object.entries(seconds).flatMap(([file, value]) => {
    const most = listed[file]?.most ?? BUDGET;
    return value > SLACK * most ? [`${file}: about ${most} CPU seconds, got ${value.toFixed(1)}`] : [];
  });
}
