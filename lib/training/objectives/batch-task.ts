import * as tf from "@tensorflow/tfjs";
import type { PairBatch } from "../../experiment/pairs.js";
import type { FeatureBatch } from "../../features/batch.js";
import type { StoredTensor } from "../../files/safetensors.js";
import type { LabelLoss } from "../../losses/label-loss.js";
import type { BatchLoss, OwnMemory, OwnWeights } from "../../losses/loss.js";
import type { marginMse, ScoredPairLoss } from "../../losses/scored-losses.js";
import type { Objective } from "./objective.js";

/** Which tower embeds. */
export type Side = "query" | "document";

/** N labelled items. */
export interface ItemBatch {
  items: FeatureBatch;
  /** [N] class of each, or number of its session; equal positions of instances are views of one item */
  labels: Int32Array;
  /** [N] sessions only: 0 root, 1 positive match, −1 negative match */
  types?: Int32Array;
}

/** N pairs with a similarity each. */
export interface ScoredBatch {
  left: FeatureBatch;
  right: FeatureBatch;
  scores: Float32Array;
}

/** N queries with two documents each, and by how much a teacher scores the first one higher. */
export interface MarginBatch {
  queries: FeatureBatch;
  positives: FeatureBatch;
  negatives: FeatureBatch;
  margins: Float32Array;
}

/** What a step embeds, in this order, and the loss as a function of the embeddings, on the tape. */
export interface EmbeddedLoss {
  embed: readonly { side: Side; rows: FeatureBatch }[];
  loss(...embedded: tf.Tensor2D[]): tf.Scalar;
}

/** What is minimised over batches of one kind, with everything that it remembers from step to step. */
export interface BatchTask<B> {
  /** numbers that it trains itself, by name */
  readonly weights: Record<string, tf.Variable>;
  /** @param step updates so far */
  prepare(batch: B, step: number): EmbeddedLoss;
  /** of validation: over a batch's own items whatever training adds, so that runs with other negatives can be compared */
  prepareValidation(batch: B): EmbeddedLoss;
  /** before an epoch: mines negatives anew, if it is time. Returns a line worth telling, or null */
  beginEpoch(epoch: number): string | null;
  /** after the update of a prepared step */
  stepDone(): void;
  /** values of monitors since the last call, by name */
  measurements(): Record<string, number>;
  /** everything needed to go on, weights included, by name */
  state(): Record<string, StoredTensor>;
  restore(state: Record<string, StoredTensor>): void;
}

/** Loss over pairs, with whatever an objective adds to the batch's own documents. */
export function pairTask(loss: BatchLoss, objective: Objective | null = null): BatchTask<PairBatch> {
  const own = ({ queries, documents }: PairBatch): EmbeddedLoss => ({
    embed: [
      { side: "query", rows: queries },
      { side: "document", rows: documents },
    ],
    loss: (q, d) => loss(q!, d!).value,
  });
  if (!objective) return { ...memoryless(loss), prepare: own, prepareValidation: own };
  return {
    weights: objective.weights,
    prepare(batch, step) {
      const prepared = objective.prepare(batch, step);
      return {
        embed: [
          { side: "query", rows: batch.queries },
          { side: "document", rows: prepared.documents },
        ],
        loss: (q, d) => prepared.loss(q!, d!),
      };
    },
    prepareValidation: own,
    beginEpoch: (epoch) => objective.beginEpoch(epoch),
    stepDone: () => objective.stepDone(),
    measurements: () => objective.measurements(),
    state: () => objective.state(),
    restore: (state) => objective.restore(state),
  };
}

/** Loss over labelled items, embedded by one tower. */
export function itemTask(loss: LabelLoss, side: Side): BatchTask<ItemBatch> {
  const prepare =
    (validation: boolean) =>
    ({ items, labels, types }: ItemBatch): EmbeddedLoss => ({
      embed: [{ side, rows: items }],
      loss: (embedded) => loss(embedded!, { labels, validation, ...(types && { types }) }).value,
    });
  return { ...memoryless(loss), prepare: prepare(false), prepareValidation: prepare(true) };
}

/** Loss over scored pairs: the left side is embedded as queries, the right one as documents. */
export function scoredTask(loss: ScoredPairLoss): BatchTask<ScoredBatch> {
  return plainTask({}, ({ left, right, scores }) => ({
    embed: [
      { side: "query", rows: left },
      { side: "document", rows: right },
    ],
    loss: (l, r) => loss(l!, r!, scores).value,
  }));
}

/** Loss over queries with two documents each, whose scores' difference a teacher gives. */
export function marginTask(loss: ReturnType<typeof marginMse>): BatchTask<MarginBatch> {
  return plainTask({}, ({ queries, positives, negatives, margins }) => ({
    embed: [
      { side: "query", rows: queries },
      { side: "document", rows: positives },
      { side: "document", rows: negatives },
    ],
    loss: (q, p, n) => loss(q!, p!, n!, margins).value,
  }));
}

function plainTask<B>(own: OwnWeights, prepare: (batch: B) => EmbeddedLoss): BatchTask<B> {
  return { ...memoryless(own), prepare, prepareValidation: prepare };
}

/** The part of a task that a loss without negatives of its own has: its weights, and what it remembers. */
function memoryless(own: OwnWeights & OwnMemory): Omit<BatchTask<never>, "prepare" | "prepareValidation"> {
  const { weights = {} } = own;
  return {
    weights,
    beginEpoch: () => null,
    stepDone: () => own.clamp?.(),
    measurements: () => ({}),
    state: () => ({
      ...Object.fromEntries(
        Object.entries(weights).map(([name, weight]) => [
          name,
          { shape: weight.shape, data: (weight.dataSync() as Float32Array).slice() },
        ]),
      ),
      ...own.memory?.state(),
    }),
    restore(state) {
      own.memory?.restore(state);
      for (const [name, weight] of Object.entries(weights))
        tf.tidy(() => weight.assign(tf.tensor(state[name]!.data, weight.shape)));
    },
  };
}
