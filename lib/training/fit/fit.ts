import { createEncoder } from "../../encoders/create-encoder.js";
import type { Encoder } from "../../encoders/encoder.js";
import { parametersOf, setParameters } from "../../encoders/parameters.js";
import { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { createOptimizer } from "../../optimizers/create-optimizer.js";
import { createSchedule } from "../../optimizers/create-schedule.js";
import { layerWiseOptimizer } from "../../optimizers/layer-wise.js";
import type { Optimizer, OptimizerSpec } from "../../optimizers/optimizer.js";
import type { Schedule } from "../../optimizers/schedules/schedule.js";
import type { Callback, FitCheckpoint, FitEvent, FitState } from "./callback.js";
import { datasetData } from "./dataset-data.js";
import type { FitData } from "./fit-data.js";
import type { FitOptions } from "./fit-options.js";
import { type FitPlan, planFit } from "./fit-plan.js";
import { Learner } from "./learner.js";

export interface FitResult {
  encoder: Encoder;
  epochsRun: number;
  /** mean losses by epoch; validationLoss is NaN without evalData */
  history: { trainLoss: number; validationLoss: number; metrics: Record<string, number> }[];
  /** why it ended before its last epoch, or null */
  stopped: string | null;
}

/**
 * Trains an encoder in one call. Per epoch: batches are drawn anew, each is a step; with evalData the validation loss
 * follows; callbacks run at every moment named by {@link FitEvent}.
 *
 * Equal options and seed give equal numbers, resumed or not: the batches of an epoch come from the seed and its number.
 *
 * @throws RangeError before training starts, for names that are not registered, batch sizes that sampler and miner cannot
 *   work with, and labels that can never make a pair or triplet
 * @see specs/4-finetuner.md sections 3 to 7
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { epochs = 10, seed = 0, learningRate = 1e-3, callbacks = [], emptyBatch = "skip" } = options;
  if (!Number.isInteger(epochs) || epochs < 1)
    throw new UserError(`fit: epochs must be a positive integer, got ${epochs}`);
  if (!(learningRate > 0 && Number.isFinite(learningRate)))
    throw new UserError(`fit: learningRate must be > 0, got ${learningRate}`);
  checkCallbacks(options);
  const random = new Random(seed);
  const { trainData, evalData, modelOptions } = await resolveData(options);
  const encoder = encoderOf(options, modelOptions, random);
  const optimizer = optimizerOf(options, learningRate, encoder);
  const { evalData: _named, ...rest } = options;
  const plan = planFit({ ...rest, trainData, ...(evalData && { evalData }) }, encoder, random, optimizer);
  const learner = new Learner(
    encoder,
    plan.task,
    plan.optimizer,
    options.clipNorm ?? null,
    options.chunkSize ?? null,
  );
  const schedule = scheduleOf(options);
  const all = [...(options.progress ? [options.progress] : []), ...callbacks];
  const run = new FitRun(encoder, learner, plan, all, epochs, options.tell ?? (() => {}));
  const start = options.resume ? run.restore(options.resume) : 0;
  const fullRate = plan.optimizer.learningRate;
  const history: FitResult["history"] = [];
  let interrupted = false;
  try {
    await run.fire("fit_begin");
    for (let epoch = start; epoch < epochs && run.stopped === null && !interrupted; epoch++) {
      const batches = plan.batches(epoch);
      run.beginEpoch(epoch, batches.length);
      await run.fire("epoch_begin");
      await run.fire("train_epoch_begin");
      for (let index = 0; index < batches.length && !interrupted; index++) {
        run.batchIndex = index;
        await run.fire("train_batch_begin");
        plan.optimizer.learningRate =
          fullRate * schedule(options.scheduleBy === "epoch" ? epoch : learner.step);
        const loss = learner.trainStep(batches[index]!);
        if (loss === null) {
          const line = `epoch ${epoch + 1}, batch ${index + 1}: nothing to compare`;
          if (emptyBatch === "fail") throw new UserError(`fit: ${line}`);
          run.tell(`${line}, left out`);
        } else run.note(loss);
        await run.fire("train_batch_end");
        interrupted = options.signal?.aborted ?? false;
        if (index % 16 === 15) await new Promise((resolve) => setImmediate(resolve));
      }
      if (interrupted) break;
      await run.fire("train_epoch_end");
      if (plan.evaluation) await validate(run, plan.evaluation, encoder);
      Object.assign(run.metrics, plan.measurements());
      run.epochsDone = epoch + 1;
      // rows that wait for their optimiser are brought up to date, as a checkpoint would: with or without, the same bytes
      run.parameters();
      await run.fire("epoch_end");
      history.push({
        trainLoss: run.trainLoss,
        validationLoss: run.validationLoss,
        metrics: { ...run.metrics },
      });
    }
    if (interrupted) await run.fire("keyboard_interrupt");
    await run.fire("fit_end");
  } catch (error) {
    run.error = error as Error;
    await run.fire("exception");
    throw error;
  }
  return { encoder, epochsRun: history.length, history, stopped: interrupted ? "interrupted" : run.stopped };
}

async function validate(
  run: FitRun,
  { task, batches }: NonNullable<FitPlan["evaluation"]>,
  encoder: Encoder,
) {
  run.validationBatches = batches.length;
  await run.fire("val_begin");
  let total = 0;
  let counted = 0;
  for (const [index, positions] of batches.entries()) {
    run.batchIndex = index;
    await run.fire("val_batch_begin");
    const loss = Learner.evaluate(encoder, task, positions);
    if (loss !== null) {
      total += loss;
      counted++;
    }
    await run.fire("val_batch_end");
  }
  run.validationLoss = counted === 0 ? Number.NaN : total / counted;
  await run.fire("val_end");
}

/** The state of a fit as callbacks see it. */
class FitRun implements FitState {
  epoch = 0;
  batchIndex = 0;
  trainBatches = 0;
  validationBatches = 0;
  loss = 0;
  validationLoss = Number.NaN;
  metrics: Record<string, number> = {};
  error: Error | null = null;
  stopped: string | null = null;
  epochsDone = 0;
  private total = 0;
  private counted = 0;

  constructor(
    readonly encoder: Encoder,
    private readonly learner: Learner,
    private readonly plan: FitPlan,
    private readonly callbacks: readonly Callback[],
    readonly epochs: number,
    readonly tell: (line: string) => void,
  ) {}

  get step(): number {
    return this.learner.step;
  }
  get learningRate(): number {
    return this.learner.optimizer.learningRate;
  }
  get trainLoss(): number {
    return this.counted === 0 ? Number.NaN : this.total / this.counted;
  }

  async fire(event: FitEvent): Promise<void> {
    for (const callback of this.callbacks) await callback.on[event]?.(this);
  }

  beginEpoch(epoch: number, batches: number): void {
    this.epoch = epoch;
    this.trainBatches = batches;
    this.total = 0;
    this.counted = 0;
  }

  note(loss: number): void {
    this.loss = loss;
    this.total += loss;
    this.counted++;
  }

  stop(reason: string): void {
    this.stopped ??= reason;
  }

  parameters() {
    return parametersOf(this.encoder);
  }

  setParameters(parameters: FitCheckpoint["parameters"]): void {
    setParameters(this.encoder, parameters);
  }

  checkpoint(): FitCheckpoint {
    return {
      epochsDone: this.epochsDone,
      step: this.learner.step,
      parameters: this.parameters(),
      optimizer: this.learner.optimizer.state(),
      objective: this.plan.state(),
      callbacks: Object.fromEntries(
        this.callbacks.flatMap(({ name, state }) => (state ? [[name, state()]] : [])),
      ),
      callbackTensors: Object.fromEntries(
        this.callbacks.flatMap(({ name, tensors }) =>
          Object.entries(tensors?.() ?? {}).map(([key, tensor]) => [`${name}/${key}`, tensor]),
        ),
      ),
      randomState: this.encoder.randomState() ?? [],
    };
  }

  restore(saved: FitCheckpoint): number {
    this.setParameters(saved.parameters);
    this.learner.optimizer.restore(saved.optimizer, saved.step);
    this.learner.step = saved.step;
    this.plan.restore(saved.objective);
    if (saved.randomState.length > 0) this.encoder.setRandomState(saved.randomState);
    for (const { name, restore, restoreTensors } of this.callbacks) {
      if (Object.hasOwn(saved.callbacks, name)) restore?.(saved.callbacks[name]);
      restoreTensors?.(withoutPrefix(saved.callbackTensors ?? {}, `${name}/`));
    }
    this.epochsDone = saved.epochsDone;
    return saved.epochsDone;
  }
}

function withoutPrefix<T>(all: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}

/** Data by name are read; other data are as they are. */
async function resolveData({ trainData, evalData, model, modelOptions }: FitOptions): Promise<{
  trainData: FitData;
  evalData?: FitData;
  modelOptions?: FitOptions["modelOptions"];
}> {
  const given = modelOptions && { modelOptions };
  if (typeof trainData === "object" && "kind" in trainData) {
    if (evalData === "validation")
      throw new UserError("fit: evalData must be data, as trainData names no data set, got validation");
    return { trainData, ...(evalData && { evalData }), ...given };
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
  };
}

/** What callbacks need is known before the first step. */
function checkCallbacks({ callbacks = [], evalData }: FitOptions): void {
  const names = callbacks.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UserError(`fit: callbacks must have names of their own, got "${twice}" twice`);
  const blind = callbacks.find(({ monitors }) => monitors === "val_loss");
  if (blind && !evalData)
    throw new UserError(`fit: evalData must be given for ${blind.name}, which reads val_loss, got none`);
}

function encoderOf({ model }: FitOptions, modelOptions: FitOptions["modelOptions"], random: Random): Encoder {
  if (typeof model === "object" && "embedDocuments" in model) return model;
  if (typeof model === "object") return createEncoder(model, random.fork("encoder"));
  if (!modelOptions)
    throw new UserError(`fit: modelOptions must be given with a model's name, got "${model}" alone`);
  return createEncoder({ ...modelOptions, kind: model }, random.fork("encoder"));
}

function optimizerOf(
  { optimizer = "adam", layerWiseDecay: decay = 1 }: FitOptions,
  learningRate: number,
  { weights, tables }: Encoder,
): Optimizer {
  const spec = typeof optimizer === "string" ? { kind: optimizer } : optimizer;
  const make = () => createOptimizer({ ...spec, learningRate } as OptimizerSpec);
  if (!(decay > 0 && decay <= 1)) throw new UserError(`fit: layerWiseDecay must be in (0, 1], got ${decay}`);
  if (decay === 1) return make();
  return layerWiseOptimizer(make, decay, { weights: Object.keys(weights), tables: Object.keys(tables) });
}

function scheduleOf({ schedule }: FitOptions): Schedule {
  if (schedule === undefined) return () => 1;
  return typeof schedule === "function" ? schedule : createSchedule(schedule);
}
