import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import type { FeatureBatch } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import { createItemLoss, itemLosses } from "../../losses/create-item-loss.js";
import { createLoss } from "../../losses/create-loss.js";
import { NoTuplesError } from "../../losses/label-loss.js";
import type { LossContext } from "../../losses/loss.js";
import type { BatchTask, Side } from "../../training/objectives/batch-task.js";

/** Questions with their labelled candidates. */
export interface LabelBatch {
  /** [S] */
  questions: FeatureBatch;
  /** [M] */
  candidates: FeatureBatch;
  /** [M] position of each candidate's question */
  questionOf: Int32Array;
  /** [M] 1 positive, −1 negative */
  signs: Int32Array;
  /** [M] number of each candidate: equal numbers are one document */
  documentIds: Int32Array;
  /** [S] equal numbers are one question */
  questionIds: Int32Array;
}

/** The loss of a batch's embeddings, [S, D] and [M, D], on the tape. */
type LabelledLoss = (questions: tf.Tensor2D, candidates: tf.Tensor2D, batch: LabelBatch) => tf.Scalar;

/**
 * What labels train: questions embedded by their own side, candidates as documents. A loss of labelled items sees every
 * question as the root of a session and its candidates as positive and negative matches, nothing of other questions. A loss of
 * pairs sees each positive with its question, against the negatives of that question and the candidates of all others that are
 * not positive for it.
 *
 * @throws UserError for a loss with weights or a memory of its own
 */
export function labelTask(
  spec: { kind: string; [option: string]: unknown },
  side: Side,
  dim: number,
  random: Random,
): BatchTask<LabelBatch> {
  const loss = isItemLoss(spec.kind) ? sessionLoss(spec, dim, random) : pairLoss(spec, random);
  const prepare = (batch: LabelBatch) => ({
    embed: [
      { side, rows: batch.questions },
      { side: "document" as const, rows: batch.candidates },
    ],
    loss: (...[q, d]: tf.Tensor2D[]) => loss(q!, d!, batch),
  });
  return {
    weights: {},
    prepare,
    prepareValidation: prepare,
    beginEpoch: () => null,
    stepDone: () => {},
    measurements: () => ({}),
    state: () => ({}),
    restore: () => {},
  };
}

/** Whether a name is that of a loss of labelled items; of names that both sorts have it is. */
export function isItemLoss(kind: string): boolean {
  return itemLosses.kinds().includes(itemLosses.kindOf(kind));
}

function sessionLoss(spec: { kind: string }, dim: number, random: Random): LabelledLoss {
  const loss = createItemLoss(spec, { miner: null, session: true, classes: 0, dim, random });
  refuseMemory(spec.kind, loss);
  return (questions, candidates, { questionOf, signs }) => {
    const roots = questions.shape[0];
    const labels = new Int32Array(roots + questionOf.length);
    const types = new Int32Array(labels.length);
    for (let i = 0; i < roots; i++) labels[i] = i;
    labels.set(questionOf, roots);
    types.set(signs, roots);
    return loss(tf.concat([questions, candidates]) as tf.Tensor2D, { labels, types }).value;
  };
}

function pairLoss(spec: { kind: string }, random: Random): LabelledLoss {
  const loss = createLoss(spec, random);
  refuseMemory(spec.kind, loss);
  return (questions, candidates, batch) => {
    const { order, context } = pairsOf(batch);
    const rows = context.negatives!.length / order.length;
    if (rows === 0) throw new NoTuplesError("label: a batch must have a positive, got none");
    const asked = order.slice(0, rows).map((at) => batch.questionOf[at]!);
    return loss(rowsOf(questions, asked), rowsOf(candidates, order), context).value;
  };
}

/** Rows of a matrix, repeats allowed, by a product: the backend has no gradient of gather. */
function rowsOf(matrix: tf.Tensor2D, rows: Int32Array): tf.Tensor2D {
  const columns = matrix.shape[0];
  const ones = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => {
    ones[i * columns + row] = 1;
  });
  return tf.matMul(tf.tensor2d(ones, [rows.length, columns]), matrix);
}

/** Candidates with the positives first, and which of them are negatives of each positive's question: see LossContext. */
export function pairsOf({ questionOf, signs, documentIds, questionIds }: LabelBatch): {
  order: Int32Array;
  context: LossContext;
} {
  const places = Array.from(signs.keys());
  const positives = places.filter((at) => signs[at] === 1);
  const order = Int32Array.from([...positives, ...places.filter((at) => signs[at] !== 1)]);
  const key = (at: number, document: number) => `${questionIds[questionOf[at]!]} ${document}`;
  const known = new Set(positives.map((at) => key(at, documentIds[at]!)));
  const negatives = new Float32Array(positives.length * order.length);
  positives.forEach((at, i) => {
    order.forEach((other, j) => {
      if (!known.has(key(at, documentIds[other]!))) negatives[i * order.length + j] = 1;
    });
  });
  const ids = order.map((at) => documentIds[at]!);
  return { order, context: { negatives, documentIds: ids } };
}

function refuseMemory(kind: string, { weights, memory }: { weights?: object; memory?: object }): void {
  if (weights || memory)
    throw new UserError(
      `label: loss must neither train vectors of its own nor remember batches, got ${kind}; siamese, mined_triplet and batch_softmax fit`,
    );
}
