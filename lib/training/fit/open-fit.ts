import * as tf from "@tensorflow/tfjs";
import { createEncoder } from "../../encoders/create-encoder.js";
import type { Encoder, EncoderSpec } from "../../encoders/encoder.js";
import { selectBackend } from "../../engine/backend.js";
import { defaultListener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { startFromTexts } from "../../experiment/start-from-texts.js";
import { UserError } from "../../files/user-error.js";
import { createOptimizer } from "../../optimizers/create-optimizer.js";
import { createSchedule } from "../../optimizers/create-schedule.js";
import { layerWiseOptimizer } from "../../optimizers/layer-wise.js";
import type { OptimizerSpec } from "../../optimizers/optimizer.js";
import type { Schedule } from "../../optimizers/schedules/schedule.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Callback } from "../callbacks/callback.js";
import { checkMonitors } from "../callbacks/callback-list.js";
import { progress } from "../callbacks/progress.js";
import { resumeRun } from "../claim-run.js";
import { Session } from "../session.js";
import { checkFitOptions } from "./check-options.js";
import { type DatasetSource, datasetData } from "./dataset-data.js";
import { type FitBatch, sizeOfBatch } from "./fit-batches.js";
import type { FitData } from "./fit-data.js";
import type { FitOptions } from "./fit-options.js";
import { type FitModel, planFit } from "./fit-plan.js";
import { openFitRun } from "./fit-run.js";

export interface OpenedFit {
  session: Session<FitBatch>;
  run: RunFolder | null;
}

/**
 * Reads the data, builds encoder and trainer, claims the run folder if there is one, and takes up a checkpoint.
 *
 * @param last runs after all other callbacks
 * @throws RangeError for all that {@link fit} refuses before training starts
 */
export async function openFit(options: FitOptions, last: Callback): Promise<OpenedFit> {
  const { epochs = 10, seed = 0, learningRate = 1e-3, callbacks = [], tell = () => {} } = options;
  checkFitOptions(options);
  if (!Number.isInteger(epochs) || epochs < 1)
    throw new UserError(`fit: epochs must be a positive integer, got ${epochs}`);
  if (!(learningRate > 0 && Number.isFinite(learningRate)))
    throw new UserError(`fit: learningRate must be > 0, got ${learningRate}`);
  checkMonitors(callbacks, options.evalData ? null : "fit: evalData must be given");
  if (options.runDir !== undefined && options.resume)
    throw new UserError(
      "fit: resume must be left out with runDir, whose newest checkpoint is taken up, got both",
    );
  if (!tf.getBackend()) tell((await selectBackend()).line);
  const random = new Random(seed);
  const { trainData, evalData, modelOptions, source } = await resolveData(options);
  const model = modelOf(options, modelOptions, random);
  const { encoder, spec } = model;
  if (spec && trainData.kind === "pairs") startFromTexts(encoder, spec, trainData.pairs);
  else if (spec?.textEmbedding.untrainedRows === "zero")
    throw new UserError(
      `fit: untrainedRows must be random unless trainData are pairs, got ${trainData.kind}`,
    );
  const { evalData: _named, ...rest } = options;
  const fitted = { ...model, ...optimizerOf(options, learningRate, encoder), schedule: scheduleOf(options) };
  const plan = planFit({ ...rest, trainData, ...(evalData && { evalData }) }, fitted, random);
  const settle: Callback = {
    name: "settle",
    // rows that wait for their optimiser are brought up to date, as a checkpoint would: with or without, the same bytes
    on: { epoch_end: () => plan.trainer.settle() },
  };
  const listener = defaultListener();
  const { progress: shown = listener.progress ? progress(listener) : null } = options;
  const users = [...(shown ? [shown] : []), ...callbacks];
  const run =
    options.runDir === undefined
      ? null
      : openFitRun(options, {
          ...{ dir: options.runDir, users, seed, encoder, plan, trainData, source, random, tell },
          ...{ spec: model.spec, session: () => session },
        });
  const session: Session<FitBatch> = new Session({
    ...{ trainer: plan.trainer, epochs, tell, signal: options.signal },
    callbacks: [...(run ? run.callbacks : [settle, ...users]), last],
    epoch: (epoch) => plan.epoch(epoch),
    validation: plan.validation && { ...plan.validation, follows: () => true, beforeTraining: false },
    itemsOf: sizeOfBatch,
    emptyBatch: options.emptyBatch ?? "skip",
  });
  if (options.resume) session.restore(options.resume);
  if (run) resumeRun(run.folder, session, true, tell);
  return { session, run: run?.folder ?? null };
}

/** Data by name are read; other data are as they are. */
async function resolveData({ trainData, evalData, model, modelOptions }: FitOptions): Promise<{
  trainData: FitData;
  evalData?: FitData;
  modelOptions?: FitOptions["modelOptions"];
  source: DatasetSource | null;
}> {
  const given = modelOptions && { modelOptions };
  if (typeof trainData === "object" && "kind" in trainData) {
    if (evalData === "validation")
      throw new UserError("fit: evalData must be data, as trainData names no data set, got validation");
    return { trainData, ...(evalData && { evalData }), ...given, source: null };
  }
  const request = typeof trainData === "string" ? { dataset: trainData } : trainData;
  const read = await datasetData({ ...(typeof model === "string" && { model }), ...request });
  if (evalData === "validation" && !read.evalData)
    throw new UserError(`fit: ${request.dataset} must have a validation part for evalData, got none`);
  const held = evalData === "validation" ? read.evalData : evalData;
  return {
    trainData: read.trainData,
    ...(held && { evalData: held }),
    modelOptions: { ...read.modelOptions, ...modelOptions },
    source: read.source,
  };
}

function modelOf(
  { model }: FitOptions,
  modelOptions: FitOptions["modelOptions"],
  random: Random,
): { encoder: Encoder; spec: EncoderSpec | null } {
  if (typeof model === "object" && "embedDocuments" in model) return { encoder: model, spec: null };
  if (typeof model !== "object" && !modelOptions)
    throw new UserError(`fit: modelOptions must be given with a model's name, got "${model}" alone`);
  const spec = typeof model === "object" ? model : { ...modelOptions!, kind: model };
  return { encoder: createEncoder(spec, random.fork("encoder")), spec };
}

function optimizerOf(
  { optimizer = "adam", layerWiseDecay: decay = 1, lossOptimizer }: FitOptions,
  learningRate: number,
  { weights, tables }: Encoder,
): Pick<FitModel, "optimizer" | "optimizerSpec"> {
  const named = typeof optimizer === "string" ? { kind: optimizer } : optimizer;
  const spec = { ...named, learningRate } as OptimizerSpec;
  const make = () => createOptimizer(spec);
  if (!(decay > 0 && decay <= 1)) throw new UserError(`fit: layerWiseDecay must be in (0, 1], got ${decay}`);
  if (decay === 1) return { optimizer: make(), optimizerSpec: lossOptimizer ? null : spec };
  const names = { weights: Object.keys(weights), tables: Object.keys(tables) };
  return { optimizer: layerWiseOptimizer(make, decay, names), optimizerSpec: null };
}

function scheduleOf({ schedule }: FitOptions): Schedule | null {
  if (schedule === undefined) return null;
  return typeof schedule === "function" ? schedule : createSchedule(schedule);
}
