import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import { type Parameters, valueAndGradients } from "../../engine/ops/gradients.js";
import { type PairSet, pairBatch } from "../../experiment/pairs.js";
import type { FeatureBatch } from "../../features/batch.js";
import { takeRows } from "../../features/batch.js";
import { type LabelContext, type LabelLoss, NoTuplesError } from "../../losses/label-loss.js";
import type { BatchLoss, OwnWeights } from "../../losses/loss.js";
import type { marginMse, ScoredPairLoss } from "../../losses/scored-losses.js";
import type { Optimizer } from "../../optimizers/optimizer.js";
import type { Objective } from "../objectives/objective.js";
import { clipGradients } from "../updates/clip-gradients.js";
import { gradCache } from "../updates/grad-cache.js";
import { lossWeights, trainedParameters } from "../updates/trained-parameters.js";
import type { FitData } from "./fit-data.js";

/** Which tower embeds items that are neither queries nor documents by themselves. */
export type Side = "query" | "document";

/** What a batch embeds, and its loss as a function of the embeddings. */
interface EmbeddedLoss {
  queries: FeatureBatch;
  documents: FeatureBatch;
  loss: (queries: tf.Tensor2D, documents: tf.Tensor2D) => tf.Scalar;
}

/** A task from {@link BatchTask.parts}. */
function embeddedTask(
  encoder: Encoder,
  task: Omit<BatchTask, "compute" | "parts"> & { parts: NonNullable<BatchTask["parts"]> },
): BatchTask {
  return {
    ...task,
    compute(positions, step) {
      const { queries, documents, loss } = task.parts(positions, step);
      return loss(encoder.embedQueries(queries), encoder.embedDocuments(documents));
    },
  };
}

/** The loss of a batch, given by the positions of its items (or pairs), on the tape. */
export interface BatchTask extends OwnWeights {
  compute(positions: Int32Array, step: number): tf.Scalar;
  /** the same as a function of embeddings, for losses that may be embedded in chunks */
  parts?(positions: Int32Array, step: number): EmbeddedLoss;
  stepDone(): void;
}

/** Loss over pairs, with negatives beyond the batch if an objective is given. */
export function pairTask(
  encoder: Encoder,
  pairs: PairSet,
  loss: BatchLoss,
  objective: Objective | null,
): BatchTask {
  return embeddedTask(encoder, {
    weights: objective?.weights ?? loss.weights ?? {},
    parts(positions, step) {
      const batch = pairBatch(pairs, positions, 0, positions.length);
      const plain = { ...batch, loss: (q: tf.Tensor2D, d: tf.Tensor2D) => loss(q, d).value };
      return objective ? { queries: batch.queries, ...objective.prepare(batch, step) } : plain;
    },
    stepDone: () => (objective ? objective.stepDone() : loss.clamp?.()),
  });
}

/** Loss over labelled items; for instances, equal positions are views of one item. */
export function itemTask(
  encoder: Encoder,
  data: Extract<FitData, { items: FeatureBatch }>,
  loss: LabelLoss,
  side: Side,
): BatchTask {
  return {
    weights: loss.weights ?? {},
    compute(positions) {
      const part = takeRows(data.items, positions);
      const embedded = side === "query" ? encoder.embedQueries(part) : encoder.embedDocuments(part);
      return loss(embedded, contextOf(data, positions)).value;
    },
    stepDone: () => loss.clamp?.(),
  };
}

function contextOf(data: Extract<FitData, { items: FeatureBatch }>, positions: Int32Array): LabelContext {
  if (data.kind === "instance") return { labels: positions };
  const labels = positions.map((at) => data.labels[at]!);
  return data.kind === "session" ? { labels, types: positions.map((at) => data.types[at]!) } : { labels };
}

/** Loss over scored pairs: the left side is embedded as queries, the right one as documents. */
export function scoredTask(
  encoder: Encoder,
  data: Extract<FitData, { kind: "scored" }>,
  loss: ScoredPairLoss,
): BatchTask {
  return embeddedTask(encoder, {
    parts: (positions) => ({
      queries: takeRows(data.left, positions),
      documents: takeRows(data.right, positions),
      loss: (left, right) =>
        loss(
          left,
          right,
          Float32Array.from(positions, (at) => data.scores[at]!),
        ).value,
    }),
    stepDone: () => {},
  });
}

/** Loss over queries with two documents each, whose scores' difference a teacher gives. */
export function marginTask(
  encoder: Encoder,
  data: Extract<FitData, { kind: "margins" }>,
  loss: ReturnType<typeof marginMse>,
): BatchTask {
  return {
    compute: (positions) =>
      loss(
        encoder.embedQueries(takeRows(data.queries, positions)),
        encoder.embedDocuments(takeRows(data.positives, positions)),
        encoder.embedDocuments(takeRows(data.negatives, positions)),
        Float32Array.from(positions, (at) => data.margins[at]!),
      ).value,
    stepDone: () => {},
  };
}

/** Takes steps on a task: forward, backward, clipping, update. */
export class Learner {
  step = 0;

  constructor(
    private readonly encoder: Encoder,
    private readonly task: BatchTask,
    readonly optimizer: Optimizer,
    private readonly clipNorm: number | null,
    private readonly chunkSize: number | null = null,
  ) {}

  /**
   * @returns the loss before the update, or null if the miner found nothing to compare (nothing is updated then)
   * @throws nothing for a loss that is not finite: it is returned without an update, for a guard to act on
   */
  trainStep(positions: Int32Array): number | null {
    this.encoder.training = true;
    const { tables } = this.encoder;
    const parameters = trainedParameters(this.encoder, this.task.weights);
    let result: ReturnType<typeof valueAndGradients>;
    try {
      result = this.differentiate(positions, parameters);
    } catch (error) {
      if (error instanceof NoTuplesError) return null;
      throw error;
    }
    const { value, gradients } = result;
    const loss = value.dataSync()[0]!;
    value.dispose();
    if (!Number.isFinite(loss)) {
      tf.dispose(gradients);
      for (const table of Object.values(tables)) table.clearGradients();
      return loss;
    }
    if (this.clipNorm) clipGradients(gradients, tables, this.clipNorm);
    this.optimizer.applyStep(parameters, gradients);
    tf.dispose(gradients);
    this.task.stepDone();
    this.step++;
    return loss;
  }

  private differentiate(positions: Int32Array, parameters: Parameters): ReturnType<typeof valueAndGradients> {
    const { encoder, task, step } = this;
    if (this.chunkSize === null || !task.parts)
      return valueAndGradients(() => task.compute(positions, step), parameters);
    const { loss, ...batch } = task.parts(positions, step);
    return gradCache(encoder, batch, loss, this.chunkSize, lossWeights(task.weights ?? {}));
  }

  /** Loss of a batch in evaluation mode, null if the miner found nothing. */
  static evaluate(encoder: Encoder, task: BatchTask, positions: Int32Array): number | null {
    encoder.training = false;
    try {
      return tf.tidy(() => task.compute(positions, 0).dataSync()[0]!);
    } catch (error) {
      if (error instanceof NoTuplesError) return null;
      throw error;
    }
  }
}
