import type { Encoder } from "../encoders/encoder.js";
import { parametersOf } from "../encoders/parameters.js";
import type { StoredTensor, TensorPieces, WritableTensor } from "../files/safetensors.js";
import { UserError } from "../files/user-error.js";
import type { Checkpoint, WritableCheckpoint } from "../tracking/checkpoint.js";
import type { Callback, TrainingEvent, TrainingState } from "./callbacks/callback.js";
import { CallbackList } from "./callbacks/callback-list.js";
import type { Trainer } from "./trainer.js";

/** What one epoch trains on. */
export interface SessionEpoch<B> {
  batches: AsyncIterable<B> | Iterable<B>;
  /** batches and items to come; about that many where they are streamed */
  steps: number;
  items: number;
  /** what is thrown if there is no batch; default: nothing */
  whenEmpty?: () => Error;
}

/** What a session is made of. */
export interface SessionParts<B> {
  trainer: Trainer<B>;
  callbacks: readonly Callback[];
  epochs: number;
  /** depends on seed and number alone */
  epoch(number: number): SessionEpoch<B>;
  validation: {
    batches(): Iterable<B>;
    steps: number;
    /** whether it follows an epoch (from 0) */
    follows(epoch: number): boolean;
    beforeTraining: boolean;
  } | null;
  itemsOf(batch: B): number;
  /** a batch in which there is nothing to compare: leave it out with a line, or stop */
  emptyBatch: "skip" | "fail";
  tell(line: string): void;
  signal?: AbortSignal | undefined;
}

/** A training under way: where it is, what callbacks see of it, and all that is needed to go on from here. */
export class Session<B> implements TrainingState {
  /** epochs done by an earlier call */
  startEpoch = 0;
  epochsDone = 0;
  /** from 0; −1 before the first */
  epoch = -1;
  /** when the epoch began, in ms of performance.now() */
  epochBeganMs = 0;
  batchIndex = 0;
  trainBatches = 0;
  validationBatches = 0;
  items = 0;
  itemsDone = 0;
  loss = 0;
  batchLoss: number | null = null;
  trainLossSum = 0;
  validationLoss = Number.NaN;
  validationLossSum = 0;
  metrics: Record<string, number> = {};
  error: Error | null = null;
  stopped: string | null = null;
  /** counts what changes the parameters: a result belongs to the model at one such number */
  version = 0;
  private counted = 0;
  private under: SessionEpoch<B> | null = null;
  private readonly callbacks: CallbackList;

  constructor(readonly parts: SessionParts<B>) {
    this.callbacks = new CallbackList(parts.callbacks);
  }

  get trainer(): Trainer<B> {
    return this.parts.trainer;
  }
  get epochs(): number {
    return this.parts.epochs;
  }
  get encoder(): Encoder {
    return this.trainer.encoder;
  }
  get step(): number {
    return this.trainer.step;
  }
  get learningRate(): number {
    return this.trainer.optimizer.learningRate;
  }
  get trainLoss(): number {
    return this.counted === 0 ? Number.NaN : this.trainLossSum / this.counted;
  }
  get interrupted(): boolean {
    return this.parts.signal?.aborted ?? false;
  }

  /** A promise only if a listener returned one. */
  fire(event: TrainingEvent): Promise<void> | undefined {
    return this.callbacks.fire(event, this);
  }

  /** Whether an epoch is to be trained. */
  goesOn(epoch: number): boolean {
    return epoch < this.epochs && this.stopped === null && !this.interrupted;
  }

  beginEpoch(epoch: number): AsyncIterable<B> | Iterable<B> {
    this.epoch = epoch;
    this.epochBeganMs = performance.now();
    this.metrics = {};
    this.trainLossSum = 0;
    this.counted = 0;
    this.itemsDone = 0;
    this.batchIndex = -1;
    const news = this.trainer.beginEpoch(epoch);
    if (news !== null) this.tell(`epoch ${epoch + 1}/${this.epochs}: ${news}`);
    this.under = this.parts.epoch(epoch);
    this.trainBatches = this.under.steps;
    this.items = this.under.items;
    return this.under.batches;
  }

  beginBatch(): void {
    this.batchIndex++;
  }

  /** Takes note of a batch's loss, null if nothing was compared in it. */
  endBatch(batch: B, loss: number | null): void {
    this.batchLoss = loss;
    this.itemsDone += this.parts.itemsOf(batch);
    if (loss === null) {
      const line = `epoch ${this.epoch + 1}, batch ${this.batchIndex + 1}: nothing to compare`;
      if (this.parts.emptyBatch === "fail") throw new UserError(`training: ${line}`);
      this.tell(`${line}, left out`);
      return;
    }
    this.loss = loss;
    this.trainLossSum += loss;
    this.counted++;
    this.version++;
  }

  /** After the last batch of an epoch. */
  endBatches(): void {
    const empty = this.batchIndex < 0 && this.under?.whenEmpty?.();
    if (empty) throw empty;
    Object.assign(this.metrics, this.trainer.measurements());
  }

  stop(reason: string): void {
    this.stopped ??= reason;
  }

  tell(line: string): void {
    this.parts.tell(line);
  }

  parameters(): Record<string, StoredTensor> {
    return parametersOf(this.encoder);
  }

  setParameters(parameters: Record<string, StoredTensor>): void {
    this.trainer.setParameters(parameters);
    this.version++;
  }

  checkpoint(): Checkpoint {
    const { parameters, optimizer, ...rest } = this.writableCheckpoint({ bytes: 0 });
    const copied = <T>(all: Record<string, T>, copy: (value: T) => unknown) =>
      Object.fromEntries(Object.entries(all).map(([name, value]) => [name, copy(value)]));
    return {
      ...rest,
      parameters: copied(parameters, (tensor: WritableTensor) =>
        "data" in tensor ? tensor : { shape: tensor.shape, data: whole(tensor) },
      ) as Checkpoint["parameters"],
      optimizer: copied(optimizer, (state) =>
        state instanceof Float32Array ? state : whole(state),
      ) as Checkpoint["optimizer"],
    };
  }

  /** {@link checkpoint} without copies, to be written before the next step. @param metrics that were written until now */
  writableCheckpoint(metrics: { bytes: number; sha256?: string }): WritableCheckpoint {
    return {
      ...this.trainer.state(),
      epochsDone: this.epochsDone,
      metricsBytes: metrics.bytes,
      ...(metrics.sha256 !== undefined && { metricsSha256: metrics.sha256 }),
      randomState: this.trainer.randomState(),
      ...this.callbacks.states(),
    };
  }

  /** Takes over weights and optimiser, and the generator of the encoder. */
  restoreTrainer(saved: Checkpoint): void {
    this.trainer.restore(saved);
    this.trainer.setRandomState(saved.randomState);
  }

  /** Goes on after a checkpoint. */
  restore(saved: Checkpoint): void {
    this.restoreTrainer(saved);
    this.callbacks.restore(saved);
    this.startEpoch = saved.epochsDone;
    this.epochsDone = saved.epochsDone;
  }
}

function whole({ shape, pieces }: TensorPieces): Float32Array {
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1));
  let at = 0;
  for (const piece of pieces()) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
