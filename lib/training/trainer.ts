import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../encoders/encoder.js";
import { parametersOf, setParameters } from "../encoders/parameters.js";
import { memoryFault } from "../engine/graph-provider.js";
import { type Differentiation, tapeDifferentiation } from "../engine/ops/differentiation.js";
import type { Parameters } from "../engine/ops/gradients.js";
import type { PairBatch } from "../experiment/pairs.js";
import type { StoredTensor, TensorPieces, WritableTensor } from "../files/safetensors.js";
import { UserError } from "../files/user-error.js";
import type { MachineLimit, StepWork } from "../fused/machine-limit.js";
import { NoTuplesError } from "../losses/label-loss.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import type { Schedule } from "../optimizers/schedules/schedule.js";
import type { BatchTask, EmbeddedLoss } from "./objectives/batch-task.js";
import { clipGradients } from "./updates/clip-gradients.js";
import { gradCache } from "./updates/grad-cache.js";
import { lossWeights, trainedParameters } from "./updates/trained-parameters.js";

/** What a trainer must be given back to go on exactly where it was. */
export interface TrainerState {
  step: number;
  parameters: Record<string, StoredTensor>;
  optimizer: Record<string, Float32Array>;
  /** What the task remembers; left out if it remembers nothing. */
  objective?: Record<string, StoredTensor>;
}

/** The same, to be written to a file before the next step. */
export interface WritableState extends Omit<TrainerState, "parameters" | "optimizer"> {
  parameters: Record<string, WritableTensor>;
  optimizer: Record<string, Float32Array | TensorPieces>;
}

export interface TrainerOptions {
  /** Factor of the optimiser's learning rate; default 1. */
  schedule?: Schedule;
  /** What the schedule counts; default: steps. */
  scheduleBy?: "batch" | "epoch";
  /** Longest gradient, null = any. */
  clipNorm?: number | null;
  /** Rows embedded at a time, null = the whole batch. */
  chunkSize?: number | null;
  /** What a loss that is not a finite number does: ends the training (default), or is returned without an update. */
  onNonFinite?: "throw" | "return";
  /** What computes losses and gradients; default: tfjs op by op. The trainer closes it. */
  differentiation?: Differentiation;
}

/** Owns step count, parameters and optimiser state; knows nothing of files or of what an epoch holds. */
export class Trainer<B = PairBatch> {
  step = 0;
  private epoch = 0;
  private readonly fullRate: number;
  private readonly differentiation: Differentiation;

  constructor(
    protected readonly model: Encoder,
    readonly task: BatchTask<B>,
    readonly optimizer: Optimizer,
    private readonly options: TrainerOptions = {},
  ) {
    this.fullRate = optimizer.learningRate;
    this.differentiation = options.differentiation ?? tapeDifferentiation;
  }

  /** of the encoder */
  get kind(): string {
    return this.model.kind;
  }

  /** The encoder at the present step. */
  get encoder(): Encoder {
    return this.model;
  }

  /**
   * One step: forward, backward, update.
   *
   * @returns the batch's loss before the update; null if the miner found nothing to compare, and nothing was updated
   * @throws RangeError naming the step if the loss is not a finite number, unless such losses are returned; nothing has
   *   been updated then
   */
  trainStep(batch: B): number | null {
    try {
      return this.takeStep(batch);
    } catch (error) {
      throw memoryFault(error, "training") ?? error;
    }
  }

  private takeStep(batch: B): number | null {
    this.model.training = true;
    const { schedule, scheduleBy, clipNorm } = this.options;
    if (schedule)
      this.optimizer.learningRate = this.fullRate * schedule(scheduleBy === "epoch" ? this.epoch : this.step);
    const result = comparing(() => this.differentiate(batch));
    if (result === null) return null;
    const { value, gradients } = result;
    const loss = value.dataSync()[0]!;
    value.dispose();
    if (!Number.isFinite(loss)) {
      tf.dispose(gradients);
      for (const table of Object.values(this.model.tables)) table.clearGradients();
      return this.refuse(loss);
    }
    if (clipNorm) clipGradients(gradients, this.model.tables, clipNorm);
    this.beforeUpdate(gradients);
    if (this.optimizer.stepWith)
      this.optimizer.stepWith(this.parameters(), { loss, gradients }, () => this.evaluateAgain(batch));
    else this.optimizer.applyStep(this.parameters(), gradients);
    tf.dispose(gradients);
    this.task.stepDone();
    this.step++;
    return loss;
  }

  /** Loss over a batch's own items in evaluation mode, without an update; null if there was nothing to compare. */
  evaluateBatch(batch: B): number | null {
    const { encoder } = this;
    encoder.training = false;
    return comparing(
      () => this.differentiation.values(() => lossOf(encoder, this.task.prepareValidation(batch)))[0]!,
    );
  }

  /** Before an epoch: mines negatives anew, if it is time. Returns a line worth telling, or null. */
  beginEpoch(epoch: number): string | null {
    this.epoch = epoch;
    return this.task.beginEpoch(epoch);
  }

  /** Values of the task's monitors since the last call, by name. */
  measurements(): Record<string, number> {
    return this.task.measurements();
  }

  /** Seconds spent since the start by phase of the step, as far as it measures them. */
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

  /** What the manifest should say of what computed the steps, once they were taken. */
  facts(): Record<string, string | number> {
    return this.differentiation.facts();
  }

  /** Brings rows up to date that wait for their optimiser, as a checkpoint does. */
  settle(): void {
    parametersOf(this.model);
  }

  /** Frees what the trainer itself holds; encoder and optimiser are the caller's. */
  close(): void {
    this.differentiation.close();
  }

  state(): WritableState {
    const objective = this.task.state();
    return {
      step: this.step,
      parameters: parametersOf(this.model),
      optimizer: this.optimizer.state(),
      ...(Object.keys(objective).length > 0 && { objective }),
    };
  }

  restore(state: TrainerState): void {
    setParameters(this.model, state.parameters);
    this.optimizer.restore(state.optimizer, state.step);
    if (state.objective) this.task.restore(state.objective);
    this.step = state.step;
  }

  /** State of what the encoder draws from in training (dropout); empty where it draws nothing. */
  randomState(): number[] {
    return this.model.randomState() ?? [];
  }

  setRandomState(state: readonly number[]): void {
    if (state.length > 0) this.model.setRandomState(state);
  }

  /** Puts other parameters in the place of those trained; the optimiser goes on with what it remembers. */
  setParameters(parameters: Record<string, StoredTensor>): void {
    setParameters(this.model, parameters);
  }

  /** What becomes of a step whose loss is not a finite number. */
  protected refuse(loss: number): number {
    if (this.options.onNonFinite === "return") return loss;
    throw new UserError(`training: loss must stay finite, got ${loss} at step ${this.step + 1}`);
  }

  /** Loss and gradients of a batch whose step is going on; null where its miner finds nothing any more. */
  private evaluateAgain(batch: B): { loss: number; gradients: Record<string, tf.Tensor> } | null {
    const result = comparing(() => this.differentiate(batch));
    if (result === null) return null;
    const loss = result.value.dataSync()[0]!;
    result.value.dispose();
    const { clipNorm } = this.options;
    if (clipNorm) clipGradients(result.gradients, this.model.tables, clipNorm);
    return { loss, gradients: result.gradients };
  }

  /** Before every update, with the gradients that make it; those of tables are in the tables. */
  protected beforeUpdate(_gradients: Record<string, tf.Tensor>): void {}

  /** Loss and gradients of a batch: of dense weights by name, of tables in the tables. */
  protected differentiate(batch: B): { value: tf.Scalar; gradients: Record<string, tf.Tensor> } {
    const { model, task, differentiation } = this;
    const prepared = task.prepare(batch, this.step);
    const { chunkSize } = this.options;
    if (chunkSize)
      return gradCache(model, prepared, chunkSize, { own: lossWeights(task.weights), differentiation });
    for (const table of Object.values(model.tables)) table.clearGradients();
    return differentiation.addGradients(() => lossOf(model, prepared), this.parameters());
  }

  protected parameters(): Parameters {
    return trainedParameters(this.model, this.task.weights);
  }
}

function lossOf(encoder: Encoder, { embed, loss }: EmbeddedLoss): tf.Scalar {
  return loss(
    ...embed.map(({ side, rows }) =>
      side === "query" ? encoder.embedQueries(rows) : encoder.embedDocuments(rows),
    ),
  );
}

/** The result, or null if the miner found nothing to compare. */
function comparing<T>(compute: () => T): T | null {
  try {
    return compute();
  } catch (error) {
    if (error instanceof NoTuplesError) return null;
    throw error;
  }
}
