import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../encoders/encoder.js";
import { parametersOf, setParameters } from "../encoders/parameters.js";
import { type Parameters, valueAndGradients } from "../engine/ops/gradients.js";
import { type PairBatch, type PairSet, pairBatch } from "../experiment/pairs.js";
import type { StoredTensor, TensorPieces, WritableTensor } from "../files/safetensors.js";
import { UserError } from "../files/user-error.js";
import type { MachineLimit, StepWork } from "../fused/machine-limit.js";
import type { BatchLoss } from "../losses/loss.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import type { Schedule } from "../optimizers/schedules/schedule.js";
import type { Objective } from "./objectives/objective.js";
import { clipGradients } from "./updates/clip-gradients.js";
import { gradCache } from "./updates/grad-cache.js";
import { lossWeights, trainedParameters } from "./updates/trained-parameters.js";

/** What a trainer must be given back to go on exactly where it was. */
export interface TrainerState {
  step: number;
  parameters: Record<string, StoredTensor>;
  optimizer: Record<string, Float32Array>;
  /** What the objective remembers; left out if it remembers nothing. */
  objective?: Record<string, StoredTensor>;
}

/** The same, to be written to a file before the next step. */
export interface WritableState extends Omit<TrainerState, "parameters" | "optimizer"> {
  parameters: Record<string, WritableTensor>;
  optimizer: Record<string, Float32Array | TensorPieces>;
}

export interface TrainerOptions {
  /** What a step minimises; default: the loss over the batch's own pairs. */
  objective?: Objective;
  /** Factor of the optimiser's learning rate by step; default 1. */
  schedule?: Schedule;
  /** Longest gradient, null = any. */
  clipNorm?: number | null;
  /** Rows embedded at a time, null = the whole batch. */
  chunkSize?: number | null;
}

/** Owns step count, parameters and optimiser state; knows nothing of files or epochs. */
export class Trainer {
  step = 0;
  private readonly fullRate: number;

  constructor(
    readonly encoder: Encoder,
    readonly loss: BatchLoss,
    readonly optimizer: Optimizer,
    private readonly options: TrainerOptions = {},
  ) {
    this.fullRate = optimizer.learningRate;
  }

  /** What a step minimises, if it is more than the loss over the batch's own pairs. */
  get objective(): Objective | null {
    return this.options.objective ?? null;
  }

  /**
   * One step: forward, backward, update.
   *
   * @returns the batch's loss before the update
   * @throws RangeError naming the step if the loss is not a finite number; nothing has been updated then
   */
  trainStep(batch: PairBatch): number {
    this.encoder.training = true;
    if (this.options.schedule) this.optimizer.learningRate = this.fullRate * this.options.schedule(this.step);
    const { value, gradients } = this.differentiate(batch);
    const loss = value.dataSync()[0]!;
    value.dispose();
    if (!Number.isFinite(loss)) {
      tf.dispose(gradients);
      for (const table of Object.values(this.encoder.tables)) table.clearGradients();
      throw new UserError(`training: loss must stay finite, got ${loss} at step ${this.step + 1}`);
    }
    const { clipNorm } = this.options;
    if (clipNorm) clipGradients(gradients, this.encoder.tables, clipNorm);
    this.optimizer.applyStep(this.parameters(), gradients);
    tf.dispose(gradients);
    this.objective?.stepDone();
    this.step++;
    return loss;
  }

  /**
   * Total and number of batch losses over pairs in stored order, without an update; the incomplete batch counts. It is the
   * loss over each batch's own pairs whatever the objective adds, so that runs with different negatives can be compared.
   */
  validationLoss(pairs: PairSet, batchSize: number): { total: number; batches: number } {
    const order = Int32Array.from({ length: pairs.queryOf.length }, (_, i) => i);
    this.encoder.training = false;
    let total = 0;
    let batches = 0;
    for (let start = 0; start < order.length; start += batchSize) {
      const batch = pairBatch(pairs, order, start, Math.min(order.length, start + batchSize));
      total += tf.tidy(() => this.lossOf(batch).dataSync()[0]!);
      batches++;
    }
    return { total, batches };
  }

  /** Before an epoch: mines negatives anew, if it is time. Returns a line worth telling, or null. */
  beginEpoch(epoch: number): string | null {
    return this.objective?.beginEpoch(epoch) ?? null;
  }

  /** Values of the objective's monitors since the last call, by name. */
  measurements(): Record<string, number> {
    return this.objective?.measurements() ?? {};
  }

  /** Seconds spent since the start by phase of the step, as far as they are told apart. */
  spent(): Record<string, number> {
    return {};
  }

  /** Arithmetic and memory traffic of all steps since the start that cannot be saved; null if it is not counted. */
  work(): StepWork | null {
    return null;
  }

  /** What this machine could do at best with the trainer's threads, measured now; null if it is not known. */
  limit(): MachineLimit | null {
    return null;
  }

  /** Brings {@link encoder} up to the present step, for whoever embeds with it. */
  sync(): void {}

  /** Frees what the trainer itself holds; encoder and optimiser are the caller's. */
  close(): void {}

  state(): WritableState {
    const objective = this.objective?.state() ?? {};
    return {
      step: this.step,
      parameters: parametersOf(this.encoder),
      optimizer: this.optimizer.state(),
      ...(Object.keys(objective).length > 0 && { objective }),
    };
  }

  restore(state: TrainerState): void {
    setParameters(this.encoder, state.parameters);
    this.optimizer.restore(state.optimizer, state.step);
    if (state.objective) this.objective?.restore(state.objective);
    this.step = state.step;
  }

  /** Loss and gradients of a batch: of dense weights by name, of tables in the tables. */
  private differentiate(batch: PairBatch): { value: tf.Scalar; gradients: Record<string, tf.Tensor> } {
    const { encoder } = this;
    const { documents, loss } = this.objective?.prepare(batch, this.step) ?? {
      documents: batch.documents,
      loss: (queries: tf.Tensor2D, embedded: tf.Tensor2D) => this.loss(queries, embedded).value,
    };
    const { queries } = batch;
    const { chunkSize } = this.options;
    const own = lossWeights(this.objective?.weights ?? {});
    if (chunkSize) return gradCache(encoder, { queries, documents }, loss, chunkSize, own);
    return valueAndGradients(
      () => loss(encoder.embedQueries(queries), encoder.embedDocuments(documents)),
      this.parameters(),
    );
  }

  private parameters(): Parameters {
    return trainedParameters(this.encoder, this.objective?.weights);
  }

  private lossOf(batch: PairBatch): tf.Scalar {
    const queries = this.encoder.embedQueries(batch.queries);
    const documents = this.encoder.embedDocuments(batch.documents);
    return this.loss(queries, documents).value;
  }
}
