import os from "node:os";
import * as tf from "@tensorflow/tfjs";
import { createEncoder } from "../../encoders/create-encoder.js";
import type { Encoder } from "../../encoders/encoder.js";
import { selectBackend } from "../../engine/backend.js";
import { defaultListener, type Listener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { epochBatches } from "../../experiment/epoch-batches.js";
import { type LoadedExperiment, loadExperiment } from "../../experiment/load-experiment.js";
import { type PairBatch, pairBatch } from "../../experiment/pairs.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { encoderSpec } from "../../experiment/specs.js";
import { startFromTexts } from "../../experiment/start-from-texts.js";
import { resolveTableSizes } from "../../experiment/table-sizes.js";
import { lossSpec, optimizerSpec } from "../../experiment/training-specs.js";
import { createLoss } from "../../losses/create-loss.js";
import type { BatchLoss } from "../../losses/loss.js";
import { createOptimizer } from "../../optimizers/create-optimizer.js";
import { createTrainer } from "../../training/create-trainer.js";
import { pairTask } from "../../training/objectives/batch-task.js";
import { checkTeacher } from "../../training/objectives/teacher-embeddings.js";
import { Trainer } from "../../training/trainer.js";
import { distinctPairs } from "./distinct-pairs.js";
import { gradientReach } from "./gradient-reach.js";

/** One check: passed, failed, or worth a look without being wrong. */
export interface Finding {
  check: string;
  outcome: "ok" | "look" | "wrong";
  detail: string;
}

export interface Examination {
  findings: Finding[];
  /**
   * of the full run, by the engine that training would take (with a teacher: tfjs and the labels alone); the time is
   * without evaluation, the memory is the peak of the steps timed here and the embeddings of the largest pool of documents
   */
  forecast: { engine: string; steps: number; stepsPerSecond: number; seconds: number; peakBytes: number };
}

export interface ExamineOptions {
  /** most updates of the overfit check (default 200) */
  steps?: number;
  /** loss that counts as overfitted (default 0.1 nats) */
  target?: number;
  listener?: Listener;
}

const TIMED_STEPS = 5;
/** Fused steps are short: five of them would time the clock. */
const SHORTEST_TIMED_MS = 200;
const LOSS_BATCHES = 10;

/**
 * Puts an experiment through what should be known before a long run, writing nothing: the loss of the untrained model
 * (about ln B for the in-batch softmax), a gradient for every parameter, one batch overfitted, finite numbers
 * throughout, and a forecast of time and memory.
 *
 * @throws RangeError where data and configuration do not fit, as training would
 * @see specs: 2-dense-retrieval-course sections 2 (13), 5 and 12
 */
export async function examine(written: ExperimentConfig, options: ExamineOptions = {}): Promise<Examination> {
  const { listener = defaultListener() } = options;
  const config = resolveTableSizes(written);
  const backend = await selectBackend(config.backend);
  listener.line?.(backend.line);
  const data = await loadExperiment(config, listener);
  const findings: Finding[] = [];
  const loss = createLoss(lossSpec(config));
  const spec = encoderSpec(config);
  const fresh = () => {
    const made = createEncoder(spec, new Random(config.seed).fork("encoder"));
    startFromTexts(made, spec, data.pairs);
    return made;
  };
  const encoder = fresh();
  const trainerOf = (model: Encoder) =>
    new Trainer(model, pairTask(loss), createOptimizer(optimizerSpec(config)), {
      chunkSize: config.update.chunk_size,
    });
  const trainer = trainerOf(encoder);
  try {
    findings.push(initialLoss(config, data, trainer));
    if (config.distillation) findings.push(teacherOf(config));
    findings.push(reach(encoder, loss, batchOf(data, distinct(config, data))));
    findings.push(tensors(config, data, trainer));
    const timed = fresh();
    const forecast = timeSteps(config, data, timed);
    timed.dispose();
    const pupil = fresh();
    findings.push(overfit(config, data, trainerOf(pupil), options));
    pupil.dispose();
    return { findings, forecast };
  } finally {
    encoder.dispose();
  }
}

/** The steps examined are of the labels alone: a teacher's embeddings may take long to make. */
function teacherOf(config: ExperimentConfig): Finding {
  const check = "teacher";
  try {
    checkTeacher(config);
    return {
      check,
      outcome: "ok",
      detail: "reads the same columns; every other check is of the labels alone",
    };
  } catch (error) {
    return { check, outcome: "wrong", detail: (error as Error).message };
  }
}

function distinct(config: ExperimentConfig, data: LoadedExperiment): Int32Array {
  return distinctPairs(data.pairs, config.batch_size, new Random(config.seed).fork("doctor"));
}

function batchOf(data: LoadedExperiment, rows: Int32Array): PairBatch {
  return pairBatch(data.pairs, rows, 0, rows.length);
}

/** Loss of the untrained model in evaluation mode, on batches without false negatives. */
function initialLoss(config: ExperimentConfig, data: LoadedExperiment, trainer: Trainer): Finding {
  const random = new Random(config.seed).fork("doctor losses");
  const losses: number[] = [];
  let size = 0;
  for (let i = 0; i < LOSS_BATCHES; i++) {
    const batch = batchOf(data, distinctPairs(data.pairs, config.batch_size, random));
    size = batch.queryIds.length;
    losses.push(trainer.evaluateBatch(batch) ?? Number.NaN);
  }
  const mean = losses.reduce((a, b) => a + b, 0) / losses.length;
  const check = "loss before training";
  if (!Number.isFinite(mean)) return { check, outcome: "wrong", detail: `must be finite, got ${mean}` };
  if (config.loss.type !== "batch_softmax")
    return { check, outcome: "ok", detail: `${mean.toFixed(4)} (no expectation for ${config.loss.type})` };
  const expected = Math.log(size);
  const off = (100 * (mean - expected)) / expected;
  const detail = `${mean.toFixed(4)} nats, ln ${size} = ${expected.toFixed(4)}, ${off >= 0 ? "+" : ""}${off.toFixed(1)} %`;
  if (Math.abs(off) <= 5) return { check, outcome: "ok", detail };
  return {
    check,
    outcome: off > 100 ? "wrong" : "look",
    detail: `${detail}: ${off > 0 ? "scores differ before anything was learned (low temperature or large embeddings)" : "the model knows something already (pretrained, or shared words)"}`,
  };
}

function reach(encoder: Encoder, loss: BatchLoss, batch: PairBatch): Finding {
  encoder.training = false;
  const found = gradientReach(encoder, () => lossOf(encoder, loss, batch));
  const check = "gradients";
  if (found.notFinite.length > 0)
    return { check, outcome: "wrong", detail: `not finite: ${found.notFinite.join(", ")}` };
  // keys' biases shift all scores of a query alike, which softmax does not see
  const harmless = (name: string) =>
    /attention\.self\.key\.bias$/.test(name) || encoder.frozen?.has(name.replace(/^table /, ""));
  const lacking = found.unreached.filter((name) => !harmless(name));
  return lacking.length > 0
    ? { check, outcome: "wrong", detail: `does not reach ${lacking.join(", ")}` }
    : {
        check,
        outcome: "ok",
        detail: `reaches all ${found.parameters - (encoder.frozen?.size ?? 0)} parameters${encoder.frozen?.size ? `, ${encoder.frozen.size} are frozen` : ""}`,
      };
}

/** Whether steps by tfjs free what they make. */
function tensors(config: ExperimentConfig, data: LoadedExperiment, trainer: Trainer): Finding {
  const batch = batchOf(data, distinct(config, data));
  const before = tf.memory().numTensors;
  trainer.trainStep(batch); // optimiser state is made
  const warm = tf.memory().numTensors;
  for (let i = 0; i < TIMED_STEPS; i++) trainer.trainStep(batch);
  const leaked = tf.memory().numTensors - warm;
  return {
    check: "memory",
    outcome: leaked === 0 ? "ok" : "wrong",
    detail:
      leaked === 0
        ? `steps free what they make (${warm - before} tensors of optimiser state stay)`
        : `${leaked / TIMED_STEPS} tensors more after each step`,
  };
}

/**
 * Steps of the trainer that a run would have, on the batches that its first epoch would have, misspelled queries included. A
 * teacher's embeddings may take long to make, so a pupil is timed without.
 */
function timeSteps(
  config: ExperimentConfig,
  data: LoadedExperiment,
  model: Encoder,
): Examination["forecast"] {
  const random = new Random(config.seed);
  const asked = { ...config, distillation: null };
  const { trainer, engine } = createTrainer(
    asked,
    model,
    data,
    random.fork("negatives"),
    os.availableParallelism(),
  );
  const { batches, steps: perEpoch } = epochBatches(asked, data, 0, random);
  let done = 0;
  let began = 0;
  for (const batch of batches as Iterable<PairBatch>) {
    trainer.trainStep(batch);
    // the first compiles kernels and starts threads
    if (done++ === 0) began = performance.now();
    if (done > TIMED_STEPS && performance.now() - began > SHORTEST_TIMED_MS) break;
  }
  const timed = Math.max(1, done - 1);
  const secondsPerStep = (performance.now() - began) / 1000 / timed;
  const steps = perEpoch * config.num_epochs;
  return {
    engine,
    steps,
    stepsPerSecond: 1 / secondsPerStep,
    seconds: steps * secondsPerStep,
    peakBytes: process.resourceUsage().maxRSS * 1024 + poolBytes(config, data),
  };
}

/** Embeddings that evaluation holds beside the model. */
function poolBytes(config: ExperimentConfig, data: LoadedExperiment): number {
  if (!config.recall_validation.enabled) return 0;
  return Math.max(0, ...data.sets.map(({ pool }) => pool.items.length)) * config.model.output_dim * 4;
}

function overfit(
  config: ExperimentConfig,
  data: LoadedExperiment,
  trainer: Trainer,
  { steps = 200, target = 0.1, listener }: ExamineOptions,
): Finding {
  const batch = batchOf(data, distinct(config, data));
  const check = "overfit one batch";
  let loss = Number.NaN;
  let first = Number.NaN;
  try {
    for (let i = 0; i < steps; i++) {
      loss = trainer.trainStep(batch) ?? Number.NaN;
      if (i === 0) first = loss;
      listener?.progress?.({
        task: check,
        done: i + 1,
        total: steps,
        unit: "steps",
        note: `loss ${loss.toFixed(3)}`,
      });
      if (loss < target) {
        const detail = `loss ${first.toFixed(3)} → ${loss.toFixed(3)} after ${i + 1} steps on ${batch.queryIds.length} pairs`;
        return { check, outcome: "ok", detail };
      }
    }
  } catch (error) {
    return { check, outcome: "wrong", detail: (error as Error).message };
  }
  return {
    check,
    outcome: "wrong",
    detail: `loss must fall below ${target} within ${steps} steps, got ${first.toFixed(3)} → ${loss.toFixed(3)} on ${batch.queryIds.length} pairs; learning rate, dropout or equal texts`,
  };
}

function lossOf(encoder: Encoder, loss: BatchLoss, batch: PairBatch): tf.Scalar {
  return loss(encoder.embedQueries(batch.queries), encoder.embedDocuments(batch.documents)).value;
}
