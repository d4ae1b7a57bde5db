import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { batchEncoderOf } from "../encoders/batch-encoder.js";
import { createEncoder } from "../encoders/create-encoder.js";
import type { Encoder } from "../encoders/encoder.js";
import { selectBackend } from "../engine/backend.js";
import { defaultListener, type Listener } from "../engine/progress.js";
import { Random } from "../engine/random/random.js";
import { checkEvaluable, evaluate } from "../evaluation/evaluate.js";
import { askedMeasures } from "../experiment/asked-measures.js";
import { checkBatches, epochBatches, inStoredOrder, tooFewPairs } from "../experiment/epoch-batches.js";
import { type LoadedExperiment, loadExperiment } from "../experiment/load-experiment.js";
import { type PairBatch, stepsPerEpoch } from "../experiment/pairs.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { encoderSpec, systemName } from "../experiment/specs.js";
import { startFromTexts } from "../experiment/start-from-texts.js";
import { resolveTableSizes } from "../experiment/table-sizes.js";
import { textColumnsOf } from "../experiment/text-columns.js";
import { checkReplaceable } from "../files/replace-folder.js";
import { UserError } from "../files/user-error.js";
import { DenseRetriever } from "../retrieval/retrievers/dense-retriever.js";
import { encoderPreparation } from "../retrieval/retrievers/run-retriever.js";
import { BestCheckpoint, patienceIsOver } from "../tracking/best-checkpoint.js";
import { newManifest, RUN_MARKS, type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import type { Callback } from "./callbacks/callback.js";
import { checkMonitors } from "./callbacks/callback-list.js";
import { progress } from "./callbacks/progress.js";
import { runCallbacks } from "./callbacks/run-callbacks.js";
import { streamCounts } from "./callbacks/stream-counts.js";
import { claimRun, isDone, resumeRun } from "./claim-run.js";
import { createTrainer } from "./create-trainer.js";
import { checkTeacher, startDocumentAxes, teacherEmbeddings } from "./objectives/teacher-embeddings.js";
import { takeFirstDevice } from "./parallel/replicas.js";
import { Session } from "./session.js";

export interface TrainOptions {
  /** start over: replace the run folder, once everything is read and the model is made */
  fresh?: boolean;
  listener?: Listener;
  /** of the fused engine, whose numbers do not depend on it, and of graphs. Default: all cores */
  threads?: number;
  /** run after the evaluation of an epoch and before its metrics are logged: what they measure is logged too */
  callbacks?: readonly Callback[];
  /** ends the training after the batch under way; the run goes on from its last checkpoint when it is asked for again */
  signal?: AbortSignal;
  /** told one line if another process works on the run; default: the listener */
  onWait?: (line: string) => void;
}

export interface OpenedSession {
  run: RunFolder;
  /** null if the run was finished before */
  session: Session<PairBatch> | null;
  close(): Promise<void>;
}

/** Claims the run folder, reads the data, builds encoder and trainer, and takes up the newest checkpoint. */
export async function openSession(written: ExperimentConfig, options: TrainOptions): Promise<OpenedSession> {
  const { listener = defaultListener(), callbacks = [] } = options;
  const config = resolveTableSizes(written);
  const tell = (line: string) => listener.line?.(line);
  const run = runFolderOf(config);
  if (options.fresh) checkReplaceable(run.dir, RUN_MARKS);
  else if (isDone(run, config)) {
    tell(`${run.dir}: already finished after ${epochsOf(run)} epochs (--fresh starts over)`);
    return { run, session: null, close: async () => {} };
  }
  if (config.distillation) checkTeacher(config);
  if (config.data_parallel > 1 && config.backend === "tensorflow") takeFirstDevice();
  const backend = await selectBackend(config.backend);
  tell(backend.line);
  const data = await loadExperiment(config, listener, { stream: true });
  checkMonitors(
    callbacks,
    data.validation ? null : `${config.dataset_dir}: the data set must have a validation part`,
  );
  checkBatches(config, data);
  if (config.recall_validation.enabled) {
    const { query_typo_probabilities: typoProbabilities } = config.recall_validation;
    checkEvaluable({ ...textColumnsOf(config), sets: data.sets, typoProbabilities });
  }
  const best = bestOf(run, config, data);
  const claim = () => claimRun(run, config, data.dataset);
  const previous = options.fresh ? null : claim();
  const teacher = config.distillation ? await teacherEmbeddings(config, data, listener) : null;
  const random = new Random(config.seed);
  const spec = encoderSpec(config);
  const encoder = createEncoder(spec, random.fork("encoder"));
  startFromTexts(encoder, spec, data.pairs);
  if (teacher) startDocumentAxes(encoder, teacher);
  const { trainer, engine } = createTrainer(
    config,
    encoder,
    { ...data, teacher, tell },
    random.fork("negatives"),
    options.threads ?? os.availableParallelism(),
  );
  if (options.fresh) {
    // nothing that was read or made is wrong: only now a finished run goes
    fs.rmSync(run.dir, { recursive: true, force: true });
    claim();
  }
  tell(`engine: ${engine}`);
  if (data.stream)
    tell(`training pairs: about ${data.stream.rows}, streamed by ${readers(data.stream.threads)}`);
  const manifest = newManifest({
    ...{ kind: "dense", system: systemName(config), taskId: config.task_id, runId: config.run_id },
    ...{ seed: config.seed, dataset: data.dataset, backend: backend.name, engine },
    counts: { ...data.counts, parameters: encoder.parameterCount },
    ...(config.commit_hash && { commit: config.commit_hash }),
    ...(previous && { startedAt: previous.startedAt }),
  });
  const close = async () => {
    trainer.close();
    encoder.dispose();
    await data.stream?.close();
  };
  try {
    const { validation, recall_validation: evaluation } = config;
    const session: Session<PairBatch> = new Session({
      trainer,
      epochs: config.num_epochs,
      epoch: (epoch) => ({
        ...epochBatches(config, data, epoch, random),
        whenEmpty: () => tooFewPairs(config.batch_size, data.stream?.counts()["training rows"] ?? 0),
      }),
      validation: data.validation && {
        batches: () => inStoredOrder(data.validation!, config.batch_size),
        steps: stepsPerEpoch(data.validation.queryOf.length, config.batch_size, false),
        follows: (epoch) => epoch + 1 === config.num_epochs || (epoch + 1) % validation.every_epochs === 0,
        beforeTraining: validation.before_training,
      },
      itemsOf: (batch) => batch.documentIds.length,
      emptyBatch: "fail",
      tell,
      signal: options.signal,
      callbacks: runCallbacks({
        run,
        manifest,
        session: () => session,
        users: callbacks,
        before: listener.progress ? [progress(listener)] : [],
        after: data.stream ? [streamCounts(data.stream, manifest)] : [],
        logEvery: config.log_every,
        tensorboard: config.tensorboard,
        checkpoints: { every: config.checkpoint_every, keep: config.keep_checkpoints },
        storeRows: config.store_rows,
        best: best && { file: best, keep: validation.keep_best, patience: validation.patience },
        evaluation: evaluation.enabled
          ? {
              every: evaluation.every_epochs,
              before: evaluation.before_training,
              evaluate: (model) => evaluateEncoder(config, data, model, listener),
              fresh: () => createEncoder(spec, random.fork("encoder")),
            }
          : null,
      }),
    });
    resumeRun(run, session, config.reuse_epoch, tell);
    const start = session.startEpoch;
    if (start === 0) best?.clear();
    const { patience } = validation;
    if (patience !== null && best?.best && patienceIsOver(patience, best.best.epoch, start))
      session.stop("patience");
    if (!session.goesOn(start) && previous?.status === "finished") {
      tell(`${run.dir}: already finished after ${start} epochs (--fresh starts over)`);
      return { run, session: null, close };
    }
    return { run, session, close };
  } catch (error) {
    if (fs.existsSync(path.join(run.dir, "manifest.json"))) run.writeFailure(manifest, error as Error);
    await close();
    throw error;
  }
}

function epochsOf(run: RunFolder): number {
  return (run.metrics().at(-1)?.epoch ?? -1) + 1;
}

function readers(threads: number): string {
  if (threads === 0) return "the training thread";
  return `${threads} reader ${threads === 1 ? "thread" : "threads"}`;
}

/** Where the best epoch is kept, if the configuration asks for it. */
function bestOf(run: RunFolder, config: ExperimentConfig, data: LoadedExperiment): BestCheckpoint | null {
  const { patience, keep_best: keep, before_training: before } = config.validation;
  if (patience === null && !keep && !before) return null;
  if (data.validation === null)
    throw new UserError(
      `validation: the data set must have a validation part, got none in ${config.dataset_dir}`,
    );
  return new BestCheckpoint(path.join(run.dir, "checkpoints", "best.safetensors"));
}

function evaluateEncoder(
  config: ExperimentConfig,
  data: LoadedExperiment,
  encoder: Encoder,
  listener: Listener,
) {
  const { recall_validation: settings } = config;
  const spec = () => encoderSpec(config);
  const embed = batchEncoderOf(encoder, spec, settings.encode_with, listener, config.provider);
  return evaluate({
    sets: data.sets,
    retriever: new DenseRetriever({ encoder, ...data.features, embed }, settings.similarity),
    ks: settings.k,
    measures: askedMeasures(settings),
    typoProbabilities: settings.query_typo_probabilities,
    textColumns: textColumnsOf(config).textColumns,
    ...encoderPreparation(config),
    listener,
  });
}
