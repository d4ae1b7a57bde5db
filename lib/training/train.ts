import { defaultListener } from "../engine/progress.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { withFolderLock } from "../files/folder-lock.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import { openSession, type TrainOptions } from "./open-session.js";
import type { Session } from "./session.js";
import { validate } from "./validate.js";

/**
 * Trains one experiment into its run folder, going on where an earlier call stopped.
 *
 * After every epoch: losses, validation loss and (if enabled) retrieval measures go to metrics.jsonl, then a checkpoint
 * is written. A run that was killed loses what came after its last checkpoint and ends with the same bytes as one that was
 * not: the order of each epoch comes from the seed and the epoch's number, everything else is in the checkpoint.
 *
 * Nobody else works on the folder meanwhile: whoever else wants the same run waits, and then finds it finished.
 *
 * @throws RangeError if the folder holds another configuration or data set, or the loss stops being finite
 */
export async function train(config: ExperimentConfig, options: TrainOptions = {}): Promise<RunFolder> {
  const { listener = defaultListener(), onWait = (line) => listener.line?.(line) } = options;
  return withFolderLock(runFolderOf(config).dir, () => trainAlone(config, options), onWait);
}

async function trainAlone(config: ExperimentConfig, options: TrainOptions): Promise<RunFolder> {
  const { run, session, close } = await openSession(config, options);
  try {
    if (session) await runEpochs(session);
    return run;
  } finally {
    await close();
  }
}

/**
 * Algorithm 1: one training.
 *
 *   θ ← initial weights, or those of the newest checkpoint
 *   for each epoch, until the last one or until a callback stops:
 *     for each batch:                     order drawn from (seed, epoch) alone
 *       ℓ ← task(θ, batch);  θ ← optimizer(θ, ∇ℓ)
 *     validate
 *   callbacks at every moment: evaluate · log · keep the best · checkpoint
 */
export async function runEpochs<B>(session: Session<B>): Promise<void> {
  const { trainer } = session;
  const { validation } = session.parts;
  try {
    await session.fire("fit_begin");
    if (validation?.beforeTraining && session.startEpoch === 0) await validate(session);
    for (let epoch = session.startEpoch; session.goesOn(epoch); epoch++) {
      const batches = session.beginEpoch(epoch);
      await session.fire("epoch_begin");
      await session.fire("train_epoch_begin");
      for await (const batch of batches) {
        session.beginBatch();
        const before = session.fire("train_batch_begin");
        if (before) await before; // a hot loop: nothing is waited for unless a listener asks for it
        session.endBatch(batch, trainer.trainStep(batch));
        if (session.batchIndex % 16 === 15) await new Promise((resolve) => setImmediate(resolve));
        const after = session.fire("train_batch_end");
        if (after) await after;
        if (session.interrupted) break;
      }
      if (session.interrupted) break;
      session.endBatches();
      await session.fire("train_epoch_end");
      if (validation?.follows(epoch)) await validate(session);
      session.epochsDone = epoch + 1;
      await session.fire("epoch_end");
      // signals and messages are heard also where an epoch has few batches
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (session.interrupted) await session.fire("keyboard_interrupt");
    await session.fire("fit_end");
  } catch (error) {
    session.error = error as Error;
    await session.fire("exception");
    throw error;
  }
}
