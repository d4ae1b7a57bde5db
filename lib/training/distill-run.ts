import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { formatConfig } from "../config/load-config.js";
import type { ExperimentConfig } from "../config/schema.js";
import { createEncoder } from "../encoders/create-encoder.js";
import { atomicWriteFile } from "../engine/atomic-write.js";
import { selectBackend } from "../engine/backend.js";
import { Random } from "../engine/random.js";
import { type FeatureBatch, takeRows } from "../features/batch.js";
import { createLoss } from "../losses/create-loss.js";
import { batchMarginMse, rankingDistillation, type ScoreTeacherLoss } from "../losses/score-distillation.js";
import { createOptimizer } from "../optimizers/create-optimizer.js";
import { distill, type TeacherEmbeddings } from "./distill.js";
import { type Embedder, OnnxEmbedder } from "./embedder.js";
import { encodeCorpus } from "./encode-corpus.js";
import { evaluateRun } from "./evaluate-run.js";
import { lossSpec, optimizerSpec } from "./learning-specs.js";
import { type LoadedExperiment, loadExperiment } from "./load-experiment.js";
import { openEncoder } from "./open-encoder.js";
import { type Listener, throttled } from "./progress.js";
import { currentCommit, hostFacts, packageVersions, RunFolder } from "./run-folder.js";
import { encoderSpec, systemName } from "./specs.js";
import { openStore } from "./stored-ranker.js";
import { writeTensorFile } from "./tensor-file.js";
import { startTokenWeights } from "./token-weights.js";
import { parametersOf } from "./trainer.js";

/** What the student follows: the teacher's distribution over a batch's documents, or its margins. */
export const teachings = { ranking: rankingDistillation, margins: batchMarginMse } as const;

export type Teaching = keyof typeof teachings;

export interface DistillRunOptions {
  /** run folder of the teacher, any encoder that can be exported as ONNX */
  teacher: string;
  teaching: Teaching;
  /** weight of the configuration's own loss beside the teaching (default 0: labels are not heard) */
  labels?: number;
  listener?: Listener;
}

/**
 * Trains the encoder that a configuration names by a teacher's scores of each batch, into a run folder like any other. The
 * teacher's embeddings of the training texts are made once, in ONNX Runtime, and kept in its folder. Batch size, epochs, rate,
 * optimiser and seed are the configuration's; an interrupted run starts over.
 *
 * @throws RangeError if teacher and student do not read the same texts, or the loss stops being finite
 */
export async function distillRun(config: ExperimentConfig, options: DistillRunOptions): Promise<RunFolder> {
  const { listener = {} } = options;
  const startedAt = new Date().toISOString();
  const backend = await selectBackend(config.backend);
  const data = await loadExperiment(config, listener);
  const teacher = await teacherEmbeddings(options.teacher, config, data, listener);
  const run = new RunFolder(path.join(config.output_dir, config.task_id, config.run_id));
  fs.rmSync(run.dir, { recursive: true, force: true });
  atomicWriteFile(run.configFile, formatConfig(config));
  const random = new Random(config.seed);
  const spec = encoderSpec(config);
  const student = createEncoder(spec, random.fork("encoder"));
  startTokenWeights(student, spec, data.pairs);
  const steps = Math.floor(data.pairs.queryOf.length / config.batch_size);
  let began = performance.now();
  await distill({
    student,
    teacher,
    pairs: data.pairs,
    loss: lossOf(config, options),
    optimizer: createOptimizer(optimizerSpec(config)),
    batchSize: config.batch_size,
    epochs: config.num_epochs,
    random: random.fork("order"),
    onEpoch: (epoch, loss) => {
      run.appendMetrics([{ epoch, step: (epoch + 1) * steps, name: "AverageLoss/train", value: loss }]);
      const seconds = (performance.now() - began) / 1000;
      run.appendTiming({ epoch, name: "train", seconds, count: steps * config.batch_size });
      began = performance.now();
      const progress = { task: "distilling", done: epoch + 1, total: config.num_epochs, unit: "epochs" };
      listener.progress?.({ ...progress, note: `loss ${loss.toFixed(3)}` });
    },
  });
  writeTensorFile(run.model, parametersOf(student), { format: "qdrl-model-1", kind: student.kind });
  run.writeManifest({
    ...{ runFormat: 1, kind: "dense", system: systemName(config), taskId: config.task_id },
    ...{ runId: config.run_id, seed: config.seed, dataset: data.dataset, commit: currentCommit() },
    ...{ packages: packageVersions(), backend: backend.name },
    engine: `tfjs (distilled from ${options.teacher}, ${options.teaching}, labels ${options.labels ?? 0})`,
    ...{ host: hostFacts(), startedAt, endedAt: new Date().toISOString(), status: "finished" },
    counts: { ...data.counts, parameters: student.parameterCount },
  });
  student.dispose();
  return config.recall_validation.enabled ? evaluateRun(run.dir, { listener }) : run;
}

function lossOf(config: ExperimentConfig, { teaching, labels = 0 }: DistillRunOptions): ScoreTeacherLoss {
  const make = teachings[teaching];
  if (!make)
    throw new RangeError(`unknown teaching "${teaching}"; known: ${Object.keys(teachings).join(", ")}`);
  if (!(labels >= 0)) throw new RangeError(`distillRun: labels must be at least 0, got ${labels}`);
  const taught = make();
  if (labels === 0) return taught;
  const own = createLoss(lossSpec(config));
  return (queries, documents, scores) => {
    const [a, b] = [taught(queries, documents, scores), own(queries, documents)];
    return {
      value: tf.add(a.value, tf.mul(b.value, labels)) as tf.Scalar,
      perExample: tf.add(a.perExample, tf.mul(b.perExample, labels)) as tf.Tensor1D,
    };
  };
}

/** The teacher's embeddings of the student's distinct training queries and documents, in the student's order. */
async function teacherEmbeddings(
  dir: string,
  config: ExperimentConfig,
  { pairs, dataset }: LoadedExperiment,
  listener: Listener,
): Promise<TeacherEmbeddings> {
  const { run, config: own, encoder } = await openEncoder(dir, { listener });
  const read = { ...own.dataset, document_pairs: config.dataset.document_pairs };
  const taught = (await loadExperiment({ ...own, dataset_dir: config.dataset_dir, dataset: read }, listener))
    .pairs;
  for (const side of ["queryOf", "documentOf"] as const)
    if (taught[side].join() !== pairs[side].join())
      throw new RangeError(`${dir}: teacher must read the student's texts, got other ones (${side})`);
  const embedder = new OnnxEmbedder(encoder, () => encoderSpec(own));
  const weights = createHash("sha256").update(fs.readFileSync(run.model)).digest("hex").slice(0, 16);
  const texts = createHash("sha256")
    .update(JSON.stringify([dataset.fingerprint, read]))
    .digest("hex")
    .slice(0, 16);
  const embedded = (batch: FeatureBatch, side: "query" | "document") =>
    stored(path.join(run.dir, "embeddings", `training-${side}-${texts}`), batch, side, {
      dim: encoder.outputDim,
      key: `weights ${weights}`,
      embed: embedder.embed,
      listener,
    });
  const queries = await embedded(taught.queries, "query");
  const documents = await embedded(taught.documents, "document");
  await embedder.close();
  const dim = encoder.outputDim;
  encoder.dispose();
  return { queries, documents, dim };
}

async function stored(
  dir: string,
  batch: FeatureBatch,
  side: "query" | "document",
  { dim, key, embed, listener }: { dim: number; key: string; embed: Embedder; listener: Listener },
): Promise<Float32Array> {
  const store = openStore(dir, { dim, rows: batch.size, key });
  const report = throttled(listener);
  await encodeCorpus({
    store,
    features: (from, count) =>
      takeRows(
        batch,
        Array.from({ length: count }, (_, i) => from + i),
      ),
    embed: (part) => embed(part, side),
    blockRows: 256,
    onProgress: (done, total) => report({ task: `teacher: ${side} texts`, done, total, unit: "texts" }),
  });
  const all = store.rows(0, batch.size);
  store.close();
  return unit(all, dim);
}

/** Rows of unit length, as scores are compared with cosines. */
function unit(vectors: Float32Array, dim: number): Float32Array {
  for (let at = 0; at < vectors.length; at += dim) {
    let squares = 0;
    for (let d = 0; d < dim; d++) squares += vectors[at + d]! ** 2;
    const norm = Math.max(1e-12, Math.sqrt(squares));
    for (let d = 0; d < dim; d++) vectors[at + d]! /= norm;
  }
  return vectors;
}
