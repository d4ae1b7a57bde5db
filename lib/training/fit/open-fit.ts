import type { Encoder } from "../../encoders/encoder.js";
import { defaultListener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { startFromTexts } from "../../experiment/start-from-texts.js";
import { UserError } from "../../files/user-error.js";
import { createOptimizer } from "../../optimizers/create-optimizer.js";
import { createSchedule, schedules } from "../../optimizers/create-schedule.js";
import { layerWiseOptimizer } from "../../optimizers/layer-wise.js";
import type { OptimizerSpec } from "../../optimizers/optimizer.js";
import type { Schedule } from "../../optimizers/schedules/schedule.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Callback } from "../callbacks/callback.js";
import { checkMonitors } from "../callbacks/callback-list.js";
import { progress } from "../callbacks/progress.js";
import { resumeRun } from "../claim-run.js";
import { Session } from "../session.js";
import { chooseDevice } from "./choose-device.js";
import { type FitBatch, sizeOfBatch, sizeOfData } from "./fit-batches.js";
import type { FitData } from "./fit-data.js";
import { type FitModel, type FitPlan, planFit } from "./fit-plan.js";
import { openFitRun, storedBatchSize } from "./fit-run.js";
import type { ResolvedOptions } from "./fit-schema.js";
import { type FitSources, openSources } from "./fit-sources.js";
import { heldOutSet, splitData } from "./held-out.js";
import { measureBatchSize } from "./measure-batch-size.js";

export interface OpenedFit {
  session: Session<FitBatch>;
  run: RunFolder | null;
  sources: FitSources;
  /** what computes the steps */
  engine: string;
  /** and on what */
  device: string;
  batchSize: number;
}

/**
 * Reads the data, builds encoder and trainer, claims the run folder if there is one, and takes up a checkpoint.
 *
 * @param last runs after all other callbacks
 * @throws RangeError for all that {@link fit} refuses before training starts
 */
export async function openFit(options: ResolvedOptions, last: Callback): Promise<OpenedFit> {
  const { epochs, seed, callbacks = [], tell = () => {} } = options;
  const holdsOut = options.evalData !== undefined || (options.valSplit ?? 0) > 0;
  checkMonitors(callbacks, holdsOut ? null : "fit: evalData or valSplit must be given");
  if (options.toOnnx && typeof options.model === "object" && "embedDocuments" in options.model)
    throw new UserError("fit: toOnnx must be left out with an encoder that is passed as such, got one");
  if (options.toOnnx === true && options.runDir === undefined)
    throw new UserError("fit: toOnnx must name a folder unless there is a runDir, got true");
  const device = await chooseDevice(options.device, tell);
  const random = new Random(seed);
  const listener = defaultListener();
  const sources = heldOut(options, await openSources(options, random, listener), random);
  const { encoder, spec, trainData, evalData, goesOn } = sources;
  if (spec && trainData.kind === "pairs" && !goesOn) startFromTexts(encoder, spec, trainData.pairs);
  else if (!goesOn && spec?.textEmbedding.untrainedRows === "zero")
    throw new UserError(
      `fit: untrainedRows must be random unless trainData are pairs, got ${trainData.kind}`,
    );
  const searched = evalData ? heldOutSet(trainData, evalData, options.side) : null;
  for (const callback of callbacks) callback.heldOut?.(searched);
  const { evalData: _named, ...rest } = options;
  const planOf = (batchSize: number): FitPlan => {
    const steps = Math.ceil(sizeOfData(trainData) / batchSize) * epochs;
    const given = {
      ...rest,
      trainData,
      batchSize,
      ...(evalData && !onlyMeasured(trainData, evalData) && { evalData }),
    };
    return planFit(given, modelOf(options, sources, steps), random);
  };
  const batchSize =
    options.batchSize === "auto" ? batchSizeOf(options, sources, planOf, tell) : options.batchSize;
  const plan = planOf(batchSize);
  const settle: Callback = {
    name: "settle",
    // rows that wait for their optimiser are brought up to date, as a checkpoint would: with or without, the same bytes
    on: { epoch_end: () => plan.trainer.settle() },
  };
  const { progress: shown = listener.progress ? progress(listener) : null } = options;
  const users = [...(shown ? [shown] : []), ...callbacks];
  const run =
    options.runDir === undefined
      ? null
      : openFitRun(options, {
          ...{ dir: options.runDir, users, seed, plan, sources, batchSize, random, tell },
          ...{ session: () => session },
        });
  const session: Session<FitBatch> = new Session({
    ...{ trainer: plan.trainer, epochs, tell, signal: options.signal },
    callbacks: [...(run ? run.callbacks : [settle, ...users]), last],
    epoch: (epoch) => plan.epoch(epoch),
    validation: plan.validation && { ...plan.validation, follows: () => true, beforeTraining: false },
    itemsOf: sizeOfBatch,
    emptyBatch: options.emptyBatch,
  });
  if (options.resume) session.restore(options.resume);
  if (run) resumeRun(run.folder, session, true, tell);
  return { session, run: run?.folder ?? null, sources, engine: plan.engine, device, batchSize };
}

/** Items without labels have nothing to be ranked by: classes and pairs say what they brought, and give no validation loss. */
function onlyMeasured(train: FitData, held: FitData): boolean {
  return train.kind === "instance" && (held.kind === "class" || held.kind === "pairs");
}

/** The batch size of a run that was begun with one that was measured, else measured now. */
function batchSizeOf(
  { runDir, fresh }: ResolvedOptions,
  { encoder, trainData }: FitSources,
  planOf: (size: number) => FitPlan,
  tell: (line: string) => void,
): number {
  const before = runDir === undefined || fresh ? null : storedBatchSize(runDir);
  if (before !== null) return before;
  const { size, trials } = measureBatchSize(encoder, sizeOfData(trainData), planOf);
  const speeds = trials.map((trial) => `${trial.size}: ${Math.round(trial.perSecond)}`).join(", ");
  tell(`batch size ${size}, of items a second by size ${speeds}`);
  return size;
}

/** With the share of the training data held out that is asked for, where there is no held-out data. */
function heldOut({ valSplit = 0 }: ResolvedOptions, sources: FitSources, random: Random): FitSources {
  if (valSplit === 0 || sources.evalData) return sources;
  const { train, held } = splitData(sources.trainData, valSplit, random.fork("validation split"));
  return { ...sources, trainData: train, evalData: held };
}

/** @param steps of the whole training, the end of schedules that name none */
function modelOf(options: ResolvedOptions, { encoder, spec }: FitSources, steps: number): FitModel {
  const { configureOptimizer } = options;
  if (!configureOptimizer)
    return { encoder, spec, ...optimizerOf(options, encoder), schedule: scheduleOf(options, steps) };
  const made = configureOptimizer(encoder);
  const [optimizer, schedule = null] = Array.isArray(made) ? made : [made];
  return { encoder, spec, optimizer, optimizerSpec: null, schedule };
}

function optimizerOf(
  { optimizer, layerWiseDecay: decay = 1, lossOptimizer, learningRate }: ResolvedOptions,
  { weights, tables }: Encoder,
): Pick<FitModel, "optimizer" | "optimizerSpec"> {
  const spec: OptimizerSpec = { ...optimizer, learningRate };
  const make = () => createOptimizer(spec);
  if (decay === 1) return { optimizer: make(), optimizerSpec: lossOptimizer ? null : spec };
  const names = { weights: Object.keys(weights), tables: Object.keys(tables) };
  return { optimizer: layerWiseOptimizer(make, decay, names), optimizerSpec: null };
}

function scheduleOf({ schedule, scheduleBy, epochs }: ResolvedOptions, steps: number): Schedule | null {
  if (schedule === undefined) return null;
  if (typeof schedule === "function") return schedule;
  const ends = Object.hasOwn(schedules.get(schedule.kind).settings ?? {}, "total_steps");
  const totalSteps = scheduleBy === "epoch" ? epochs : steps;
  return createSchedule(ends ? { totalSteps, ...schedule } : schedule);
}
