import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { batchEncoderOf } from "../encoders/batch-encoder.js";
import { createEncoder } from "../encoders/create-encoder.js";
import type { Encoder } from "../encoders/encoder.js";
import { setParameters } from "../encoders/parameters.js";
import { selectBackend } from "../engine/backend.js";
import { defaultListener, type Listener, throttled } from "../engine/progress.js";
import { Random } from "../engine/random/random.js";
import { type Evaluation, evaluate } from "../evaluation/evaluate.js";
import { epochBatches, tooFewPairs } from "../experiment/epoch-batches.js";
import { formatConfig, parseConfig } from "../experiment/load-config.js";
import { type LoadedExperiment, loadExperiment } from "../experiment/load-experiment.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { encoderSpec, systemName } from "../experiment/specs.js";
import { resolveTableSizes } from "../experiment/table-sizes.js";
import { textColumnsOf } from "../experiment/text-columns.js";
import { startTokenWeights } from "../experiment/token-weights.js";
import { scheduleNeedsLength } from "../experiment/training-specs.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { readModel, writeModel } from "../files/model-file.js";
import { UserError } from "../files/user-error.js";
import { DenseRetriever } from "../retrieval/retrievers/dense-retriever.js";
import { encoderPreparation } from "../retrieval/retrievers/run-retriever.js";
import { BestCheckpoint, patienceIsOver } from "../tracking/best-checkpoint.js";
import { latestCheckpoint, writeCheckpoint } from "../tracking/checkpoint.js";
import {
  currentCommit,
  hostFacts,
  type Manifest,
  type Measurement,
  packageVersions,
  type RunFolder,
  runFolderOf,
} from "../tracking/run-folder.js";
import { TensorBoardLog } from "../tracking/tensorboard-log.js";
import { TrainingProfile } from "./callbacks/training-profile.js";
import { createTrainer } from "./create-trainer.js";
import { checkTeacher, teacherEmbeddings } from "./objectives/teacher-embeddings.js";
import type { Trainer } from "./trainer.js";

/**
 * Trains one experiment into its run folder, going on where an earlier call stopped.
 *
 * After every epoch: losses, validation loss and (if enabled) retrieval measures go to metrics.jsonl, then a checkpoint
 * is written. A run that was killed loses what came after its last checkpoint and ends with the same bytes as one that was
 * not: the order of each epoch comes from the seed and the epoch's number, everything else is in the checkpoint.
 *
 * @param options.fresh    start over: remove the run folder first
 * @param options.threads  of the fused engine; the numbers do not depend on it. Default: all cores
 * @throws RangeError if the folder holds another configuration or data set, or the loss stops being finite
 */
export async function train(
  written: ExperimentConfig,
  options: { fresh?: boolean; listener?: Listener; threads?: number } = {},
): Promise<RunFolder> {
  const { listener = defaultListener() } = options;
  const config = resolveTableSizes(written);
  const run = runFolderOf(config);
  if (options.fresh) fs.rmSync(run.dir, { recursive: true, force: true });
  if (config.distillation) checkTeacher(config);
  const backend = await selectBackend(config.backend);
  listener.line?.(backend.line);
  const data = await loadExperiment(config, listener, { stream: true });
  const previous = claimFolder(run, config, data);
  const teacher = config.distillation ? await teacherEmbeddings(config, data, listener) : null;
  const manifest: Manifest = {
    runFormat: 1,
    kind: "dense",
    system: systemName(config),
    taskId: config.task_id,
    runId: config.run_id,
    seed: config.seed,
    dataset: data.dataset,
    commit: config.commit_hash ?? currentCommit(),
    packages: packageVersions(),
    backend: backend.name,
    engine: "",
    host: hostFacts(),
    startedAt: previous?.startedAt ?? new Date().toISOString(),
    endedAt: null,
    status: "running",
    counts: data.counts,
  };
  const random = new Random(config.seed);
  const spec = encoderSpec(config);
  const encoder = createEncoder(spec, random.fork("encoder"));
  startTokenWeights(encoder, spec, data.pairs);
  const { trainer, engine } = createTrainer(
    config,
    encoder,
    { ...data, teacher },
    random.fork("negatives"),
    options.threads ?? os.availableParallelism(),
  );
  manifest.engine = engine;
  listener.line?.(`engine: ${engine}`);
  if (data.stream)
    listener.line?.(`training pairs: about ${data.stream.rows}, streamed by ${readers(data.stream.threads)}`);
  manifest.counts["parameters"] = encoder.parameterCount;
  let log: TensorBoardLog | null = null;
  try {
    const start = resume(run, trainer, config, listener);
    const best = bestEpochOf(run, config, data, start);
    if ((start >= config.num_epochs || mayStop(config, best, start)) && previous?.status === "finished") {
      listener.line?.(`${run.dir}: already finished after ${start} epochs (--fresh starts over)`);
      return run;
    }
    run.writeManifest(manifest);
    if (config.tensorboard) log = new TensorBoardLog(run.tensorboard, start === 0 ? null : trainer.step);
    if (start === 0 && config.validation.before_training) {
      const untouched: Measurement[] = [];
      validate({ run, trainer, config, data }, -1, untouched);
      run.appendMetrics(untouched);
      log?.write(untouched);
    }
    let evaluation: Evaluation | null = null;
    for (let epoch = start; epoch < config.num_epochs && !mayStop(config, best, epoch); epoch++) {
      evaluation = await runEpoch({ run, log, trainer, config, data, listener, epoch, random, best });
      noteStream(data, manifest, epoch === start, listener);
      const done = epoch + 1;
      const isLast = done === config.num_epochs || mayStop(config, best, done);
      if (!isLast && done % config.checkpoint_every !== 0) continue;
      const saved = {
        ...trainer.state(),
        epochsDone: done,
        metricsBytes: run.metricsBytes(),
        randomState: encoder.randomState() ?? [],
      };
      const began = performance.now();
      writeCheckpoint(run.checkpoints, saved, config.keep_checkpoints);
      run.appendTiming({ epoch, name: "checkpoint", seconds: (performance.now() - began) / 1000 });
    }
    const format = { format: "qdrl-model-1", kind: encoder.kind };
    const kept = config.validation.keep_best ? (best?.best ?? null) : null;
    if (kept) listener.line?.(`keeping epoch ${kept.epoch + 1}, validation loss ${kept.loss.toFixed(4)}`);
    const parameters = kept ? best!.parameters() : trainer.state().parameters;
    writeModel(run.model, parameters, config.store_rows, format);
    manifest.counts["model file bytes"] = fs.statSync(run.model).size;
    if (config.recall_validation.enabled && (kept || config.store_rows !== "float32")) {
      const model = createEncoder(encoderSpec(config), random.fork("encoder"));
      setParameters(model, readModel(run.model));
      evaluation = await evaluateEncoder(config, data, model, listener);
      model.dispose();
    } else if (config.recall_validation.enabled && evaluation === null) {
      trainer.sync();
      evaluation = await evaluateEncoder(config, data, encoder, listener);
    }
    if (evaluation !== null) run.writeQueries(evaluation.perQuery);
    run.writeManifest({ ...manifest, status: "finished", endedAt: new Date().toISOString() });
    return run;
  } catch (error) {
    if (fs.existsSync(path.join(run.dir, "manifest.json")))
      run.writeManifest({
        ...manifest,
        status: "failed",
        endedAt: new Date().toISOString(),
        error: (error as Error).message,
      });
    throw error;
  } finally {
    log?.close();
    trainer.close();
    encoder.dispose();
    await data.stream?.close();
  }
}

interface EpochParts {
  run: RunFolder;
  log: TensorBoardLog | null;
  trainer: Trainer;
  config: ExperimentConfig;
  data: LoadedExperiment;
  listener: Listener;
  epoch: number;
  random: Random;
  best: BestCheckpoint | null;
}

async function runEpoch({
  run,
  log,
  trainer,
  config,
  data,
  listener,
  epoch,
  random,
  best,
}: EpochParts): Promise<Evaluation | null> {
  const report = throttled(listener);
  const measurements: Measurement[] = [];
  const note = (name: string, value: number) => measurements.push({ epoch, step: trainer.step, name, value });
  const task = `epoch ${epoch + 1}/${config.num_epochs}`;
  let began = performance.now();
  const news = trainer.beginEpoch(epoch);
  if (news !== null) listener.line?.(`${task}: ${news}`);
  const split = new TrainingProfile(run, trainer);
  split.beginEpoch();
  const { batches, pairs } = epochBatches(config, data, epoch, random);
  let total = 0;
  let steps = 0;
  let done = 0;
  for await (const batch of split.making(batches)) {
    const loss = trainer.trainStep(batch);
    total += loss;
    if (trainer.step % config.log_every === 0) note("Loss/step", loss);
    done += batch.documentIds.length;
    report({ task, done, total: Math.max(done, pairs), unit: "pairs", note: `loss ${loss.toFixed(3)}` });
    if (++steps % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  if (steps === 0) throw tooFewPairs(config.batch_size, data.stream?.counts()["training rows"] ?? 0);
  run.appendTiming({
    epoch,
    name: "train",
    seconds: (performance.now() - began) / 1000,
    count: done,
  });
  split.endEpoch(epoch);
  note("Loss/train", total);
  note("AverageLoss/train", total / steps);
  for (const [name, value] of Object.entries(trainer.measurements())) note(name, value);
  const last = epoch + 1 === config.num_epochs;
  if (last || (epoch + 1) % config.validation.every_epochs === 0) {
    const loss = validate({ run, trainer, config, data }, epoch, measurements);
    if (loss !== null) best?.offer(epoch, loss, () => trainer.state().parameters, trainer.encoder.kind);
  }
  let evaluation: Evaluation | null = null;
  const { enabled, every_epochs: every } = config.recall_validation;
  if (enabled && ((epoch + 1) % every === 0 || last)) {
    began = performance.now();
    trainer.sync();
    evaluation = await evaluateEncoder(config, data, trainer.encoder, listener);
    for (const { name, value } of evaluation.means) note(name, value);
    run.appendTiming({ epoch, name: "evaluate", seconds: (performance.now() - began) / 1000 });
  }
  run.appendMetrics(measurements);
  log?.write(measurements);
  return evaluation;
}

function readers(threads: number): string {
  if (threads === 0) return "the training thread";
  return `${threads} reader ${threads === 1 ? "thread" : "threads"}`;
}

/** What an epoch of streamed pairs met goes into the manifest, and is told once. */
function noteStream(
  { stream }: LoadedExperiment,
  manifest: Manifest,
  isFirst: boolean,
  listener: Listener,
): void {
  if (stream === null) return;
  Object.assign(manifest.counts, stream.counts());
  if (isFirst) for (const line of stream.lines()) listener.line?.(line);
}

/** Notes the validation loss; null if the data set has no validation part. */
function validate(
  { run, trainer, config, data }: Pick<EpochParts, "run" | "trainer" | "config" | "data">,
  epoch: number,
  measurements: Measurement[],
): number | null {
  if (data.validation === null) return null;
  const began = performance.now();
  const { total, batches } = trainer.validationLoss(data.validation, config.batch_size);
  const { step } = trainer;
  measurements.push(
    { epoch, step, name: "Loss/valid", value: total },
    { epoch, step, name: "AverageLoss/valid", value: total / batches },
  );
  run.appendTiming({ epoch, name: "validate", seconds: (performance.now() - began) / 1000 });
  return total / batches;
}

/** Where the best epoch is kept, if the configuration asks for it. */
function bestEpochOf(
  run: RunFolder,
  config: ExperimentConfig,
  data: LoadedExperiment,
  start: number,
): BestCheckpoint | null {
  const { patience, keep_best: keep, before_training: before } = config.validation;
  if (patience === null && !keep && !before) return null;
  if (data.validation === null)
    throw new UserError(
      `validation: the data set must have a validation part, got none in ${config.dataset_dir}`,
    );
  const best = new BestCheckpoint(path.join(run.dir, "checkpoints", "best.safetensors"));
  if (start === 0) best.clear();
  return best;
}

function mayStop(
  { validation }: ExperimentConfig,
  best: BestCheckpoint | null,
  epochsTrained: number,
): boolean {
  if (validation.patience === null || !best?.best) return false;
  return patienceIsOver(validation.patience, best.best.epoch, epochsTrained);
}

function evaluateEncoder(
  config: ExperimentConfig,
  data: LoadedExperiment,
  encoder: Encoder,
  listener: Listener,
): Promise<Evaluation> {
  return evaluate({
    sets: data.sets,
    retriever: new DenseRetriever(
      {
        encoder,
        ...data.features,
        embed: batchEncoderOf(
          encoder,
          () => encoderSpec(config),
          config.recall_validation.encode_with,
          listener,
        ),
      },
      config.recall_validation.similarity,
    ),
    ks: config.recall_validation.k,
    measures: config.recall_validation.measures,
    typoProbabilities: config.recall_validation.query_typo_probabilities,
    textColumns: textColumnsOf(config).textColumns,
    ...encoderPreparation(config),
    listener,
  });
}

/** Writes the configuration of a new run, or checks that an old one is the same experiment. */
function claimFolder(run: RunFolder, config: ExperimentConfig, data: LoadedExperiment): Manifest | null {
  if (!fs.existsSync(run.configFile)) {
    atomicWriteFile(run.configFile, formatConfig(config));
    return null;
  }
  const stored = parseConfig(fs.readFileSync(run.configFile, "utf8"), run.configFile);
  const changed = differingKeys(stored, config).filter(
    (key) => !MAY_CHANGE.has(key) || (key === "num_epochs" && scheduleNeedsLength(config)),
  );
  if (changed.length > 0)
    throw new UserError(
      `${run.configFile}: a run goes on only with its own configuration, got another ${changed.join(", ")}; choose another run_id or start over with --fresh`,
    );
  if (!fs.existsSync(path.join(run.dir, "manifest.json"))) return null;
  const manifest = run.manifest();
  if (manifest.dataset.fingerprint !== data.dataset.fingerprint)
    throw new UserError(
      `${config.dataset_dir}: a run goes on only with its own data, fingerprint must be ${manifest.dataset.fingerprint}, got ${data.dataset.fingerprint}; choose another run_id or start over with --fresh`,
    );
  if (differingKeys(stored, config).length > 0) atomicWriteFile(run.configFile, formatConfig(config));
  return manifest;
}

/** Settings that do not decide what an epoch computes. */
const MAY_CHANGE = new Set([
  "name",
  "num_epochs",
  "keep_checkpoints",
  "checkpoint_every",
  "reuse_epoch",
  "commit_hash",
  "output_dir",
  "search",
]);

function differingKeys(a: ExperimentConfig, b: ExperimentConfig): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof ExperimentConfig>;
  return [...keys].filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}

/** Restores the newest whole checkpoint, if any. Returns the epoch to go on with. */
function resume(run: RunFolder, trainer: Trainer, config: ExperimentConfig, listener: Listener): number {
  const latest = latestCheckpoint(run.checkpoints, (message) => listener.line?.(message));
  if (latest === null) {
    run.cutMetrics(0);
    run.cutTimings(0);
    return 0;
  }
  const { checkpoint } = latest;
  trainer.restore(checkpoint);
  if (checkpoint.randomState.length > 0) trainer.encoder.setRandomState(checkpoint.randomState);
  if (!config.reuse_epoch) {
    listener.line?.(
      `${latest.file}: weights and optimiser state taken over, epochs counted from 0 (reuse_epoch is false)`,
    );
    fs.rmSync(run.checkpoints, { recursive: true });
    run.cutMetrics(0);
    run.cutTimings(0);
    return 0;
  }
  run.cutMetrics(checkpoint.metricsBytes);
  run.cutTimings(checkpoint.epochsDone);
  listener.line?.(`${latest.file}: going on after ${checkpoint.epochsDone} epochs`);
  return checkpoint.epochsDone;
}
