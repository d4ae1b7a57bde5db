import type { RowStorage } from "../../files/rounded-rows.js";
import type { BestCheckpoint } from "../../tracking/best-checkpoint.js";
import type { Manifest, RunFolder } from "../../tracking/run-folder.js";
import type { Session } from "../session.js";
import { bestEpoch } from "./best-epoch.js";
import type { Callback } from "./callback.js";
import { metricsLog } from "./metrics-log.js";
import { type RunEvaluation, retrievalEvaluation } from "./retrieval-evaluation.js";
import { type CheckpointRule, runCheckpoints } from "./run-checkpoints.js";
import { runRecord } from "./run-record.js";
import { runTensorBoard } from "./run-tensorboard.js";
import { trainingProfile } from "./training-profile.js";

export interface RunCallbacks<B> {
  run: RunFolder;
  manifest: Manifest;
  /** known when the first event comes */
  session: () => Session<B>;
  users: readonly Callback[];
  /** before all others, such as a progress bar */
  before: readonly Callback[];
  /** after the measurements of an epoch were logged */
  after: readonly Callback[];
  logEvery: number;
  tensorboard: boolean;
  checkpoints: CheckpointRule;
  storeRows: RowStorage;
  best: { file: BestCheckpoint; keep: boolean; patience: number | null } | null;
  evaluation: RunEvaluation | null;
}

/**
 * Callbacks of a training that fills a run folder, in their order: users' own come after the evaluation that they may
 * read and before the log and checkpoint that hold what they measured and remember.
 */
export function runCallbacks<B>(options: RunCallbacks<B>): Callback[] {
  const { run, manifest, session, users, best, evaluation } = options;
  const evaluating = evaluation && retrievalEvaluation(evaluation, run, session);
  const board = options.tensorboard ? runTensorBoard(run) : null;
  const log = metricsLog(options.logEvery, (measurements) => {
    run.appendMetrics(measurements);
    board?.write(measurements);
  });
  const record = runRecord({
    run,
    manifest,
    session,
    storeRows: options.storeRows,
    keepsCheckpoints: options.checkpoints.keep !== 0,
    best: best?.keep ? best.file : null,
    evaluation,
    latest: () => evaluating?.latest ?? null,
  });
  const trainer = {
    spent: () => session().trainer.spent(),
    work: () => session().trainer.work(),
    limit: () => session().trainer.limit(),
  };
  return [
    ...options.before,
    ...(best ? [bestEpoch(best.file, best.patience, () => session().trainer)] : []),
    ...(evaluating ? [evaluating] : []),
    ...users,
    log,
    ...(board ? [board] : []),
    ...options.after,
    {
      name: "settle",
      // rows that wait for their optimiser are brought up to date, as a checkpoint would: with or without, the same bytes
      on: { epoch_end: () => session().trainer.settle() },
    },
    runCheckpoints(run, session, options.checkpoints),
    record,
    trainingProfile(run, trainer, () => session().epochBeganMs),
  ];
}
