import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import { DOCUMENT_AXES } from "../../encoders/query-bag.js";
import { type Listener, throttled } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import type { Row } from "../../experiment/evaluation-set.js";
import { loadStoredConfig } from "../../experiment/load-config.js";
import { type LoadedExperiment, loadExperiment } from "../../experiment/load-experiment.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import type { FeatureConfig } from "../../experiment/sections/dataset.js";
import { sourceColumns } from "../../features/feature-pipeline.js";
import { UserError } from "../../files/user-error.js";
import { principalAxes } from "../../negatives/cache/principal-axes.js";
import { openStore } from "../../retrieval/retrievers/disk-retriever.js";
import { openEncoder } from "../../retrieval/retrievers/open-encoder.js";
import { diskRetrieverOf } from "../../retrieval/retrievers/run-retriever.js";
import { openRun, type RunFolder } from "../../tracking/run-folder.js";
import { checkModelTeacher, isModelFolder, modelEmbeddings } from "./model-teacher.js";

/** Texts embedded and written at a time: what an interruption can lose. */
const BLOCK = 1024;

/** A teacher's embeddings of the distinct queries and documents of a pair set. */
export interface TeacherEmbeddings {
  /** [queries, dim], unit rows */
  queries: Float32Array;
  /** [documents, dim], unit rows */
  documents: Float32Array;
  dim: number;
}

/**
 * Gives an encoder whose documents are vectors onto fewer axes the axes that {@link narrowed} turns its teacher's
 * embeddings onto, so that documents stay where queries are taught to go.
 */
export function startDocumentAxes(encoder: Encoder, teacher: TeacherEmbeddings): void {
  const weight = encoder.weights[DOCUMENT_AXES];
  if (weight === undefined) return;
  const axes = documentAxes(teacher, encoder.outputDim);
  tf.tidy(() => weight.assign(tf.transpose(tf.tensor2d(axes, [encoder.outputDim, teacher.dim]))));
}

/**
 * Refuses a teacher that cannot teach, before anything is read or written.
 *
 * @throws RangeError if the run is not there, has no encoder, or reads other columns than the student
 */
export function checkTeacher(config: ExperimentConfig): void {
  const { distillation, dataset } = config;
  const dir = distillation!.teacher;
  if (isModelFolder(dir)) {
    checkModelTeacher(config);
    return;
  }
  if (!fs.existsSync(dir) && path.dirname(path.normalize(dir)) === path.normalize("data/models"))
    throw new UserError(
      `distillation.teacher: must be a run or a model that is here, found no ${dir}; bring it with: npm run qdrl -- model import ${path.basename(dir)}`,
    );
  const run = openRun(dir);
  const { kind } = run.manifest();
  if (kind !== "dense")
    throw new UserError(`distillation.teacher: must be a run with an encoder, got the ${kind} run ${dir}`);
  const { dataset: own } = loadStoredConfig(run.configFile);
  for (const side of ["query_features", "document_features"] as const)
    if (columnsOf(own[side]) !== columnsOf(dataset[side]))
      throw new UserError(
        `distillation.teacher: must read the student's ${side.replace("_features", "")} columns (${columnsOf(dataset[side])}), got ${dir}, which reads ${columnsOf(own[side])}`,
      );
}

/**
 * Embeddings of the student's training queries and documents by what `distillation.teacher` names, in ONNX Runtime: a
 * pretrained transformer's folder ({@link modelEmbeddings}), or a run. A run's are kept in its folder and made once: those of documents of the pool are the ones that its evaluation searches; an
 * interrupted call goes on.
 *
 * @param config  passes {@link checkTeacher}
 * @param student its training data
 */
export async function teacherEmbeddings(
  config: ExperimentConfig,
  student: Pick<LoadedExperiment, "pairs">,
  listener: Listener,
): Promise<TeacherEmbeddings> {
  const dir = config.distillation!.teacher;
  if (isModelFolder(dir)) {
    const { queries, documents, dim } = await modelEmbeddings(config, student, listener);
    return { queries: unit(queries, dim), documents: unit(documents, dim), dim };
  }
  const { run, config: own, encoder } = await openEncoder(dir, {});
  const settings = { ...own, dataset_dir: config.dataset_dir };
  const { features, sets } = await loadExperiment(settings, listener, { training: false });
  const { queryRows, documentRows } = student.pairs;
  const { retriever, embedder } = diskRetrieverOf(run, own, encoder, features, { listener });
  const embed = (rows: readonly Row[], side: "query" | "document") => {
    const encode = side === "query" ? features.queryFeatures : features.documentFeatures;
    return stored(run, side, rows, { dim: encoder.outputDim, epoch: own.num_epochs, listener }, (part) =>
      embedder.embed(encode.encode(part), side),
    );
  };
  try {
    const { pool } = sets[0]!;
    await retriever.index(pool);
    const known = { items: pool.items, vectors: retriever.vectors() };
    const dim = encoder.outputDim;
    const documents = await documentEmbeddings(documentRows!, known, dim, (rows) => embed(rows, "document"));
    return { queries: unit(await embed(queryRows!, "query"), dim), documents: unit(documents, dim), dim };
  } finally {
    retriever.close();
    await embedder.close();
    encoder.dispose();
  }
}

/**
 * A teacher whose vectors have `width` numbers: their coordinates on the first principal axes of its documents (about the
 * origin), rows of unit length again. A teacher of that width is returned as it is.
 *
 * @throws RangeError if width is above teacher.dim
 */
export function narrowed(teacher: TeacherEmbeddings, width: number): TeacherEmbeddings {
  if (width === teacher.dim) return teacher;
  if (width > teacher.dim)
    throw new UserError(
      `model.output_dim: must be at most the teacher's ${teacher.dim} where its embeddings are followed, got ${width}`,
    );
  const axes = documentAxes(teacher, width);
  const onAxes = (vectors: Float32Array) =>
    tf.tidy(() => {
      const matrix = tf.tensor2d(vectors, [vectors.length / teacher.dim, teacher.dim]);
      return tf.matMul(matrix, tf.tensor2d(axes, [width, teacher.dim]), false, true).dataSync();
    }) as Float32Array;
  return {
    queries: unit(onAxes(teacher.queries).slice(), width),
    documents: unit(onAxes(teacher.documents).slice(), width),
    dim: width,
  };
}

/** The first `width` principal axes of a teacher's documents about the origin, [width, teacher.dim]. */
export function documentAxes({ documents, dim }: TeacherEmbeddings, width: number): Float32Array {
  return principalAxes(documents, dim, width, new Random(0).fork("teacher axes"));
}

function columnsOf(features: readonly FeatureConfig[]): string {
  const columns = features.flatMap((feature) => sourceColumns({ from: undefined, ...feature }));
  return [...new Set(columns)].sort().join(", ");
}

/** Vectors of documents: the known ones where they are among those, else from `embed`. */
async function documentEmbeddings(
  rows: readonly Row[],
  known: { items: readonly Row[]; vectors: Float32Array },
  dim: number,
  embed: (rows: readonly Row[]) => Promise<Float32Array>,
): Promise<Float32Array> {
  const columns = Object.keys(rows[0] ?? {});
  const keyOf = (row: Row) => JSON.stringify(columns.map((column) => row[column] ?? ""));
  const places = new Map(known.items.map((item, i) => [keyOf(item), i]));
  const out = new Float32Array(rows.length * dim);
  const missing: number[] = [];
  rows.forEach((row, i) => {
    const at = places.get(keyOf(row));
    if (at === undefined) missing.push(i);
    else out.set(known.vectors.subarray(at * dim, (at + 1) * dim), i * dim);
  });
  if (missing.length === 0) return out;
  const further = await embed(missing.map((row) => rows[row]!));
  missing.forEach((row, i) => {
    out.set(further.subarray(i * dim, (i + 1) * dim), row * dim);
  });
  return out;
}

/** Vectors of rows from a store in the run's folder, filled by `embed` where it is not full. */
async function stored(
  run: RunFolder,
  side: "query" | "document",
  rows: readonly Row[],
  { dim, epoch, listener }: { dim: number; epoch: number; listener: Listener },
  embed: (rows: readonly Row[]) => Promise<Float32Array>,
): Promise<Float32Array> {
  const hash = (content: string | Buffer) => createHash("sha256").update(content).digest("hex").slice(0, 16);
  const dir = path.join(run.dir, "embeddings", `training-${side}-${hash(JSON.stringify(rows))}`);
  const store = openStore(dir, {
    dim,
    rows: rows.length,
    key: `weights ${hash(fs.readFileSync(run.model))}`,
  });
  try {
    const report = throttled(listener);
    const [began, before] = [performance.now(), store.rowsDone];
    while (!store.complete) {
      store.append(await embed(rows.slice(store.rowsDone, store.rowsDone + BLOCK)));
      report({
        task: `teacher's embeddings`,
        done: store.rowsDone,
        total: rows.length,
        unit: `training ${side}s`,
      });
    }
    const count = store.rowsDone - before;
    if (count > 0)
      run.appendTiming({ epoch, name: "teach", seconds: (performance.now() - began) / 1000, count });
    return store.rows(0, rows.length);
  } finally {
    store.close();
  }
}

/** Rows of unit length, as scores are compared with cosines; changes them. */
function unit(vectors: Float32Array, dim: number): Float32Array {
  for (let at = 0; at < vectors.length; at += dim) {
    let squares = 0;
    for (let d = 0; d < dim; d++) squares += vectors[at + d]! ** 2;
    const norm = Math.max(1e-12, Math.sqrt(squares));
    for (let d = 0; d < dim; d++) vectors[at + d]! /= norm;
  }
  return vectors;
}
