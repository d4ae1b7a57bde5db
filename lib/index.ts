/**
 * qdrl: train encoders that put queries and documents into one space, evaluate them, search with them, and find out
 * what helps. Everything that a notebook, a script or another package needs comes from here:
 *
 *     import { search, train } from "qdrl";
 *     const run = await train("configs/emoji/baseline.yaml");
 *     console.log(await search(run, "rainy day"));
 *
 * Paths are relative to the working folder. Progress is shown unless a call names a listener of its own; `null` stands
 * for "all" where a number or a list says how much.
 */
import { showProgress } from "./reporting/show-progress.js";

showProgress();

/** TensorFlow.js as the library uses it: losses and encoders of one's own compute with this one. */
export * as tf from "@tensorflow/tfjs";

// Configurations.

export { formatConfig, loadConfig } from "./experiment/load-config.js";
export { loadSweep, type Sweep } from "./experiment/load-sweep.js";
export type { ExperimentConfig } from "./experiment/schema.js";
export { sweepSummary } from "./experiment/sweep-summary.js";

// Data sets.

export { ensureEmoji } from "./datasets/emoji/build-emoji.js";
export { exampleFiles } from "./datasets/example-files.js";
export { exportBeir } from "./datasets/importers/beir.js";
export { openDataset } from "./datasets/open-dataset.js";
export {
  buildDataset,
  ensureDefaultDataset,
  importInto as importDataset,
} from "./datasets/prepare-dataset.js";
export { datasetVocabulary } from "./experiment/dataset-vocabulary.js";

// Training: a configuration into its run folder, or a model in one call.

export { describedModel, layersTable, modelsTable } from "./analysis/tables/models-table.js";
export {
  findModel,
  modelCatalogue,
  modelOrStandIn,
} from "./encoders/pretrained/model-catalogue.js";
export { type BackendName, selectBackend } from "./engine/backend.js";
export { jit, jitGradients } from "./engine/jit/jit.js";
export { type Listener, type Progress, setDefaultListener } from "./engine/progress.js";
export { examine } from "./runs/doctor/examine.js";
export { modelLayers } from "./runs/model-layers.js";
export {
  type RunOptions,
  runExperiment as train,
  runExperiments as trainAll,
  runSweepRows as trainSweep,
  runSweeps as trainSweeps,
  type SweepRowsOptions,
} from "./runs/run-experiment.js";
export { readCheckpoint } from "./tracking/checkpoint.js";
export { listRuns, type Manifest, openRun, type QueryResult, RunFolder } from "./tracking/run-folder.js";
export { weightAverage, wiseFt } from "./training/callbacks/averages.js";
export type { Callback, TrainingState } from "./training/callbacks/callback.js";
export { bestModelCheckpoint, trainingCheckpoint } from "./training/callbacks/checkpoints.js";
export { earlyStopping } from "./training/callbacks/early-stopping.js";
export { type EvaluationCallbackOptions, evaluationCallback } from "./training/callbacks/evaluation.js";
export {
  csvLog,
  learningRateMonitor,
  nanGuard,
  progressBar,
  tensorBoard,
} from "./training/callbacks/logs.js";
export { type MlflowOptions, mlflow } from "./training/callbacks/mlflow.js";
export { type CsvDocumentOptions, csvDocuments } from "./training/fit/csv-documents.js";
export { datasetData } from "./training/fit/dataset-data.js";
export { type FitResult, fit } from "./training/fit/fit.js";
export { documentData, type FitData, pairData } from "./training/fit/fit-data.js";
export type { FitDocument } from "./training/fit/fit-documents.js";
export type { FitOptions } from "./training/fit/fit-options.js";
export type { ReportRow } from "./training/fit/fit-report.js";
export { marginData, type ScoredTriplet, synthesizeMargins } from "./training/fit/synthesize-margins.js";
export { type RunSynthesis, synthesizeFromRuns } from "./training/fit/synthesize-runs.js";
export { loadTuning, type Tuning, type TuningOverrides } from "./tuning/load-tuning.js";
export { type TuneOptions, type TuneResult, tune } from "./tuning/tune.js";
export { describeTuning, trialsTable } from "./tuning/tuning-tables.js";

// Parts of one's own: registered once, their names work in configurations and in fit.

export { encoderKinds, registerEncoder } from "./encoders/create-encoder.js";
export { registerOnnxExporter } from "./encoders/onnx/export-encoder.js";
export { cosineMatrix } from "./losses/cosine.js";
export { registerItemLoss } from "./losses/create-item-loss.js";
export { lossKinds, registerLoss } from "./losses/create-loss.js";
export * as negativeCache from "./negatives/cache/cache-parts.js";
export { minerKinds, registerMiner } from "./negatives/miners/create-miner.js";
export { optimizerKinds, registerOptimizer } from "./optimizers/create-optimizer.js";
export { registerSchedule, scheduleKinds } from "./optimizers/create-schedule.js";
export { registerRetriever } from "./retrieval/retrievers/systems.js";

// Evaluation and search.

export { compareIndexes, indexTrials } from "./evaluation/compare-indexes.js";
export { type CompressionPoint, compressionSettings, compressRun } from "./evaluation/compression.js";
export { reevaluateRun as evaluate } from "./evaluation/reevaluate-run.js";
export { evaluateRobustness } from "./evaluation/robustness.js";
export { saveThreshold } from "./evaluation/run-threshold.js";
export { hierarchicalBootstrapInterval } from "./metrics/hierarchical-bootstrap.js";
export { unpairedRandomizationTest } from "./metrics/unpaired-randomization-test.js";
export { buildIndex, openIndex } from "./retrieval/indexes/open-index.js";
export {
  openSearch,
  type SearchHit,
  type SearchOptions,
  searchRun as search,
} from "./retrieval/retrievers/search-run.js";

// Judging by hand: a page, what it saves, and how far judges agree.

export { judgesAgreement } from "./annotation/judge/agreement.js";
export { buildJudgingTask, type JudgingTaskOptions } from "./annotation/judge/build-judging-task.js";
export { importJudgements } from "./annotation/judge/import-judgements.js";
export { type JudgingPageOptions, judgingPage } from "./annotation/judge/judging-page.js";
export { type JudgingSources, readJudgingSources } from "./annotation/judge/judging-sources.js";
export { saveJudgements } from "./annotation/judge/save-judgements.js";
export { type Judgement, type JudgementFile, judgedQrels, readJudgements } from "./datasets/judgements.js";

// Labelling with training in the loop.

export { exportLabels } from "./annotation/label/export-labels.js";
export { labelChoices, registerChoice } from "./annotation/label/label-choices.js";
export type { Labelling, NextOptions, Question } from "./annotation/label/labelling.js";
export { type LabellingOptions, openLabelling } from "./annotation/label/open-labelling.js";
export { type LabelServing, type ServeLabelsOptions, serveLabels } from "./service/labelling/serve-labels.js";

// Production: a run's documents and query encoder for other systems.

export { type PushOptions, pushIndex } from "./runs/push/push-index.js";
export { openQueryEncoder, type QueryEncoder } from "./runs/query-encoder.js";

// Analysis: questions to runs, answered as tables and figures.

export { evaluatedOn } from "./analysis/compare-runs.js";
export { compareTwoRuns } from "./analysis/comparison.js";
export { compressionFigure, compressionFrontier, compressionTable } from "./analysis/compression-frontier.js";
export { crossEntropyResults, LOG_LIKELIHOOD } from "./analysis/cross-entropy-results.js";
export {
  type Explain,
  type ExplainedDocument,
  explainRun as explain,
  openExplain,
} from "./analysis/explain-run.js";
export { documentRows, runRows } from "./analysis/frame-rows.js";
export { labelCurve } from "./analysis/label-curve.js";
export { mapPage } from "./analysis/live/map-page.js";
export { liveTraining } from "./analysis/live-training.js";
export { queryRows } from "./analysis/query-rows.js";
export { recipeTimes } from "./analysis/recipe-times.js";
export { setTable, speedTable } from "./analysis/report-page.js";
export { robustnessFindings } from "./analysis/robustness-findings.js";
export { differenceFigure, lossFigure, sliceFigure, typoFigure } from "./analysis/run-figures.js";
export { type ListedRun, runList } from "./analysis/run-list.js";
export { runMap } from "./analysis/run-map.js";
export { runPictureMap } from "./analysis/run-picture-map.js";
export { differingRankings, sampleRankings } from "./analysis/run-rankings.js";
export { searchRankings } from "./analysis/search-rankings.js";
export { changesTable } from "./analysis/tables/changes-table.js";
export { examinationTable } from "./analysis/tables/examination-table.js";
export { explanationTable } from "./analysis/tables/explanation-table.js";
export { indexesTable } from "./analysis/tables/indexes-table.js";
export { costTable, systemsTable } from "./analysis/tables/systems-table.js";
export { timeQuality, timeQualityFigure, timeQualityTable } from "./analysis/time-quality.js";

// Showing: under a cell, or as text on a terminal.

export { comparePage } from "./reporting/compare-page.js";
export { countTable } from "./reporting/count-table.js";
export { showAnswer, showFigure, showHtml, showPage, showRankings, showTable } from "./reporting/display.js";
export type { Figure } from "./reporting/figures/theme.js";
export { frameTable, toFrame } from "./reporting/frames.js";
export { headline } from "./reporting/headline.js";
export type { QueryRankings } from "./reporting/rankings-html.js";
export type { ResultsTable } from "./reporting/results-table.js";
export { plainTable, type Table } from "./reporting/table.js";
export { TerminalListener } from "./reporting/terminal.js";
export { winLoss, winLossTable } from "./reporting/win-loss.js";

// Studies: questions that take a family of runs.

export { effectsFigure } from "./studies/ablation/ablation-table.js";
export { type StudyAblationOptions, studyAblation } from "./studies/ablation/study-ablation.js";
export { labelAnswer, labelFigure } from "./studies/labels/label-tables.js";
export { type StudyLabelsOptions, studyLabels } from "./studies/labels/study-labels.js";

// Replications of published work.

export * as evidence from "./studies/evidence/evidence.js";
export { finetunerTable } from "./studies/finetuner/finetuner-table.js";
export {
  budgetFigure,
  budgetTable,
  fitBudget,
} from "./studies/finetuner/fit-budget.js";
export { publishedCourse, publishedRecallSystem } from "./studies/finetuner/published-results.js";
export * as kdd from "./studies/kdd/kdd.js";
export * as thesis from "./studies/thesis/thesis.js";
