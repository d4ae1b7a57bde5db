import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../encoders/encoder.js";
import { valueAndGradients } from "../engine/gradients.js";
import type { Random } from "../engine/random.js";
import type { ScoreTeacherLoss } from "../losses/score-distillation.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import { type PairSet, pairBatch } from "./pairs.js";
import { trainedParameters } from "./trained-parameters.js";

/** A teacher's embeddings of the distinct queries and documents of a pair set. */
export interface TeacherEmbeddings {
  /** [queries, dim], unit rows */
  queries: Float32Array;
  /** [documents, dim], unit rows */
  documents: Float32Array;
  dim: number;
}

export interface DistillOptions {
  student: Encoder;
  teacher: TeacherEmbeddings;
  /** what goes together; labels are not needed beyond that: a title and its text do */
  pairs: PairSet;
  loss: ScoreTeacherLoss;
  optimizer: Optimizer;
  batchSize: number;
  epochs: number;
  random: Random;
  /**
   * puts documents into batches together with those that the teacher finds near them, where its scores say most:
   * nearest [documents, count] lists them per document, a group is a document and the first groupSize − 1 of its list
   */
  groups?: { nearest: Int32Array; count: number; groupSize: number };
  onEpoch?: (epoch: number, loss: number) => void | Promise<void>;
}

/**
 * Trains a student to score the documents of each batch as a teacher does. The teacher is not run: its embeddings are
 * made once before, so a step costs what a step of the student costs.
 *
 * @returns the mean loss of each epoch
 * @throws RangeError if the teacher's embeddings are not of these pairs, or the loss stops being finite
 */
export async function distill(options: DistillOptions): Promise<number[]> {
  const { student, teacher, pairs, loss, optimizer, batchSize, epochs, random, onEpoch } = options;
  for (const side of ["queries", "documents"] as const)
    if (teacher[side].length !== pairs[side].size * teacher.dim)
      throw new RangeError(
        `distill: teacher's ${side} must be [${pairs[side].size}, ${teacher.dim}], got ${teacher[side].length} values`,
      );
  const count = pairs.queryOf.length;
  if (!Number.isInteger(batchSize) || batchSize < 2 || batchSize > count)
    throw new RangeError(`distill: batchSize must be an integer in [2, ${count}], got ${batchSize}`);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const pairOf = firstPairs(pairs);
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    random.shuffle(order);
    let total = 0;
    let steps = 0;
    for (let start = 0; start + batchSize <= count; start += batchSize) {
      const rows = options.groups
        ? groupedRows(pairs, pairOf, options.groups, order, start, batchSize)
        : order.subarray(start, start + batchSize);
      const batch = pairBatch(pairs, rows, 0, rows.length);
      const scores = teacherScores(teacher, batch.queryIds, batch.documentIds);
      student.training = true;
      const { value, gradients } = valueAndGradients(
        () =>
          loss(student.embedQueries(batch.queries), student.embedDocuments(batch.documents), scores).value,
        trainedParameters(student),
      );
      const now = value.dataSync()[0]!;
      if (!Number.isFinite(now)) throw new RangeError(`distill: loss must stay finite, got ${now}`);
      optimizer.applyStep(trainedParameters(student), gradients);
      tf.dispose([value, gradients]);
      total += now;
      steps++;
    }
    losses.push(total / steps);
    await onEpoch?.(epoch, total / steps);
  }
  student.training = false;
  return losses;
}

/** The first pair of each document, or −1. */
function firstPairs(pairs: PairSet): Int32Array {
  const first = new Int32Array(pairs.documents.size).fill(-1);
  for (let pair = pairs.documentOf.length - 1; pair >= 0; pair--) first[pairs.documentOf[pair]!] = pair;
  return first;
}

/** Pairs from order[start] on, each followed by pairs of its document's neighbours; no document twice. */
function groupedRows(
  pairs: PairSet,
  pairOf: Int32Array,
  { nearest, count, groupSize }: { nearest: Int32Array; count: number; groupSize: number },
  order: Int32Array,
  start: number,
  batchSize: number,
): Int32Array {
  const rows: number[] = [];
  const held = new Set<number>();
  const add = (pair: number, limit: number): boolean => {
    const document = pairs.documentOf[pair]!;
    if (rows.length >= limit || held.has(document)) return false;
    held.add(document);
    rows.push(pair);
    return true;
  };
  for (let at = 0; rows.length < batchSize && at < order.length; at++) {
    const seed = order[(start + at) % order.length]!;
    if (!add(seed, batchSize)) continue;
    const limit = Math.min(batchSize, rows.length - 1 + groupSize);
    const document = pairs.documentOf[seed]!;
    for (const neighbour of nearest.subarray(document * count, (document + 1) * count)) {
      const pair = neighbour >= 0 ? pairOf[neighbour]! : -1;
      if (pair >= 0) add(pair, limit);
    }
  }
  return Int32Array.from(rows);
}

/** Dot products of the teacher's vectors of these queries and documents, [Q, D] row by row. */
export function teacherScores(
  { queries, documents, dim }: TeacherEmbeddings,
  queryIds: Int32Array,
  documentIds: Int32Array,
): Float32Array {
  const scores = new Float32Array(queryIds.length * documentIds.length);
  for (const [i, query] of queryIds.entries())
    for (const [j, document] of documentIds.entries()) {
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += queries[query * dim + d]! * documents[document * dim + d]!;
      scores[i * documentIds.length + j] = sum;
    }
  return scores;
}
