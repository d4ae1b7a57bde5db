import type { Encoder } from "../../encoders/encoder.js";
import { withFolderLock } from "../../files/folder-lock.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Callback } from "../callbacks/callback.js";
import { runEpochs } from "../train.js";
import type { FitOptions } from "./fit-options.js";
import { openFit } from "./open-fit.js";

export interface FitResult {
  encoder: Encoder;
  epochsRun: number;
  /** mean losses by epoch of this call; validationLoss is NaN without evalData */
  history: { trainLoss: number; validationLoss: number; metrics: Record<string, number> }[];
  /** why it ended before its last epoch, or null */
  stopped: string | null;
  /** the run folder, null without runDir */
  run: RunFolder | null;
}

/**
 * Trains an encoder in one call, by the loop that trains experiments (see runEpochs). Per epoch: batches are drawn anew,
 * each is a step; with evalData the validation loss follows; callbacks run at every moment named by TrainingEvent.
 *
 * Equal options and seed give equal numbers, resumed or not: the batches of an epoch come from the seed and its number.
 *
 * @throws RangeError before training starts, for names that are not registered, batch sizes that sampler and miner cannot
 *   work with, labels that can never make a pair or triplet, and a run folder of other options or data
 * @see specs/4-finetuner.md sections 3 to 7
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { runDir, tell } = options;
  return runDir === undefined ? fitAlone(options) : withFolderLock(runDir, () => fitAlone(options), tell);
}

async function fitAlone(options: FitOptions): Promise<FitResult> {
  const history: FitResult["history"] = [];
  const remember: Callback = {
    name: "history",
    on: {
      epoch_end: ({ trainLoss, validationLoss, metrics }) =>
        void history.push({ trainLoss, validationLoss, metrics: { ...metrics } }),
    },
  };
  const { session, run } = await openFit(options, remember);
  try {
    await runEpochs(session);
    const stopped = session.interrupted ? "interrupted" : session.stopped;
    return { encoder: session.encoder, epochsRun: history.length, history, stopped, run };
  } finally {
    session.trainer.close();
  }
}
