import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import type { FeatureBatch } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import { createItemLoss, itemLosses } from "../../losses/create-item-loss.js";
import { createLoss } from "../../losses/create-loss.js";
import { NoTuplesError } from "../../losses/label-loss.js";
import type { LossContext } from "../../losses/loss.js";
import type { BatchTask, Side } from "../../training/objectives/batch-task.js";
import type { Rehearsed } from "./rehearsal.js";

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
  /** pairs of what the run was trained on */
  rehearsed?: Rehearsed;
  /** whether a document is known to answer a question, both by their numbers */
  knows?(question: number, document: number): boolean;
}

/** A batch's questions and candidates, rehearsed ones after those labelled. */
type Compared = Pick<LabelBatch, "questionOf" | "signs" | "documentIds" | "questionIds" | "knows">;

/** The loss of a batch's embeddings, [S, D] and [M, D], on the tape. */
type LabelledLoss = (questions: tf.Tensor2D, candidates: tf.Tensor2D, compared: Compared) => tf.Scalar;

/**
 * What labels train: questions embedded by their own side, candidates as documents. A loss of labelled items sees every
 * question as the root of a session and its candidates as positive and negative matches, nothing of other questions. A loss of
 * pairs sees each positive with its question, against the negatives of that question and the candidates of all others that are
 * not positive for it. Pairs that are rehearsed are further questions with one positive each.
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
  const prepare = (batch: LabelBatch) => {
    const { questions, candidates, rehearsed } = batch;
    const compared = comparedIn(batch);
    return {
      embed: [
        { side, rows: questions },
        { side: "document" as const, rows: candidates },
        ...(rehearsed
          ? [
              { side: "query" as const, rows: rehearsed.queries },
              { side: "document" as const, rows: rehearsed.documents },
            ]
          : []),
      ],
      loss: (...[q, d, moreQ, moreD]: tf.Tensor2D[]) =>
        loss(moreQ ? tf.concat2d([q!, moreQ], 0) : q!, moreD ? tf.concat2d([d!, moreD], 0) : d!, compared),
    };
  };
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

function comparedIn({ questionOf, signs, documentIds, questionIds, rehearsed, knows }: LabelBatch): Compared {
  if (!rehearsed) return { questionOf, signs, documentIds, questionIds, ...(knows && { knows }) };
  const count = rehearsed.questionIds.length;
  const first = questionIds.length;
  return {
    questionOf: Int32Array.from([...questionOf, ...Array.from({ length: count }, (_, i) => first + i)]),
    signs: Int32Array.from([...signs, ...new Array<number>(count).fill(1)]),
    documentIds: Int32Array.from([...documentIds, ...rehearsed.documentIds]),
    questionIds: Int32Array.from([...questionIds, ...rehearsed.questionIds]),
    ...(knows && { knows }),
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
  return (questions, candidates, compared) => {
    const { order, context } = pairsOf(compared);
    const rows = context.negatives!.length / order.length;
    if (rows === 0) throw new NoTuplesError("label: a batch must have a positive, got none");
    const asked = order.slice(0, rows).map((at) => compared.questionOf[at]!);
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

/**
 * Candidates with the positives first, and which of them are negatives of each positive's question: see LossContext. What is
 * known to answer a question is none of its negatives, unless it has a negative label there.
 */
export function pairsOf({ questionOf, signs, documentIds, questionIds, knows }: Compared): {
  order: Int32Array;
  context: LossContext;
} {
  const places = Array.from(signs.keys());
  const positives = places.filter((at) => signs[at] === 1);
  const order = Int32Array.from([...positives, ...places.filter((at) => signs[at] !== 1)]);
  const labelled = new Map<number, Map<number, number>>();
  for (const at of places) {
    const question = questionIds[questionOf[at]!]!;
    const own = labelled.get(question) ?? new Map<number, number>();
    labelled.set(question, own.set(documentIds[at]!, signs[at]!));
  }
  const negatives = new Float32Array(positives.length * order.length);
  positives.forEach((at, i) => {
    const question = questionIds[questionOf[at]!]!;
    const own = labelled.get(question)!;
    order.forEach((other, j) => {
      const document = documentIds[other]!;
      const sign = own.get(document);
      const answers = sign === undefined ? (knows?.(question, document) ?? false) : sign === 1;
      if (!answers) negatives[i * order.length + j] = 1;
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
