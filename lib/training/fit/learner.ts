import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import { valueAndGradients } from "../../engine/gradients.js";
import type { FeatureBatch } from "../../features/batch.js";
import { takeRows } from "../../features/batch.js";
import { type LabelContext, type LabelLoss, NoTuplesError } from "../../losses/label-loss.js";
import type { BatchLoss, OwnWeights } from "../../losses/loss.js";
import type { ScoredPairLoss } from "../../losses/scored-losses.js";
import type { Optimizer } from "../../optimizers/optimizer.js";
import { clipGradients } from "../clip-gradients.js";
import type { Objective } from "../objective.js";
import { type PairSet, pairBatch } from "../pairs.js";
import type { FitData } from "./fit-data.js";

/** Which tower embeds items that are neither queries nor documents by themselves. */
export type Side = "query" | "document";

/** The loss of a batch, given by the positions of its items (or pairs), on the tape. */
export interface BatchTask extends OwnWeights {
  compute(positions: Int32Array, step: number): tf.Scalar;
  stepDone(): void;
}

/** Loss over pairs, with negatives beyond the batch if an objective is given. */
export function pairTask(
  encoder: Encoder,
  pairs: PairSet,
  loss: BatchLoss,
  objective: Objective | null,
): BatchTask {
  return {
    weights: objective?.weights ?? loss.weights ?? {},
    compute(positions, step) {
      const batch = pairBatch(pairs, positions, 0, positions.length);
      const prepared = objective?.prepare(batch, step);
      const queries = encoder.embedQueries(batch.queries);
      const documents = encoder.embedDocuments(prepared?.documents ?? batch.documents);
      return prepared ? prepared.loss(queries, documents) : loss(queries, documents).value;
    },
    stepDone: () => (objective ? objective.stepDone() : loss.clamp?.()),
  };
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
  return {
    compute: (positions) =>
      loss(
        encoder.embedQueries(takeRows(data.left, positions)),
        encoder.embedDocuments(takeRows(data.right, positions)),
        Float32Array.from(positions, (at) => data.scores[at]!),
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
  ) {}

  /**
   * @returns the loss before the update, or null if the miner found nothing to compare (nothing is updated then)
   * @throws nothing for a loss that is not finite: it is returned without an update, for a guard to act on
   */
  trainStep(positions: Int32Array): number | null {
    this.encoder.training = true;
    const own = Object.fromEntries(
      Object.entries(this.task.weights ?? {}).map(([name, weight]) => [`loss.${name}`, weight]),
    );
    const { tables } = this.encoder;
    const parameters = { weights: { ...this.encoder.weights, ...own }, tables };
    let result: ReturnType<typeof valueAndGradients>;
    try {
      result = valueAndGradients(() => this.task.compute(positions, this.step), parameters);
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
