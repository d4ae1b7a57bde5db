import type { Encoder } from "../../encoders/encoder.js";
import type { EvaluatorOptions } from "../../evaluation/evaluate-retrieval.js";
import type { StoredTensor } from "../../files/safetensors.js";
import type { Checkpoint } from "../../tracking/checkpoint.js";

/** Moments of a training at which callbacks run, in the order of an epoch. */
export type TrainingEvent =
  | "fit_begin"
  | "epoch_begin"
  | "train_epoch_begin"
  | "train_batch_begin"
  | "train_batch_end"
  | "train_epoch_end"
  | "val_begin"
  | "val_batch_begin"
  | "val_batch_end"
  | "val_end"
  | "epoch_end"
  | "fit_end"
  | "keyboard_interrupt"
  | "exception";

/** What callbacks see and may steer. */
export interface TrainingState {
  /** brought up to the present step when it is asked for */
  readonly encoder: Encoder;
  readonly epochs: number;
  /** from 0; −1 while the untrained model is validated */
  readonly epoch: number;
  readonly batchIndex: number;
  /** about that many where pairs are streamed */
  readonly trainBatches: number;
  readonly validationBatches: number;
  /** updates so far */
  readonly step: number;
  /** loss of the last batch in which something was compared; 0 before the first */
  readonly loss: number;
  /** the same of the batch under way, null if nothing was compared in it */
  readonly batchLoss: number | null;
  /** mean over the epoch so far; NaN before the first batch */
  readonly trainLoss: number;
  /** sum over the epoch so far */
  readonly trainLossSum: number;
  /** mean over the last validation; NaN without */
  readonly validationLoss: number;
  /** sum over the last validation */
  readonly validationLossSum: number;
  /** items of the epoch trained on so far, and expected */
  readonly itemsDone: number;
  readonly items: number;
  readonly learningRate: number;
  /** measures of the epoch by name; callbacks write them, later ones read them, a run's folder logs them */
  readonly metrics: Record<string, number>;
  /** set on "exception" */
  readonly error: Error | null;
  /** ends the training after this epoch */
  stop(reason: string): void;
  /** one line for the user */
  tell(line: string): void;
  /** copies of the parameters */
  parameters(): Record<string, StoredTensor>;
  setParameters(parameters: Record<string, StoredTensor>): void;
  /** a copy of parameters, optimiser and callbacks, to go on from */
  checkpoint(): Checkpoint;
}

/**
 * Something that runs at moments of a training. On each, callbacks run in the order given, the progress bar first; one
 * that returns a promise is waited for.
 */
export interface Callback {
  readonly name: string;
  /** the measure that it cannot do without, if it is known */
  readonly monitors?: string;
  /** from fit, before training: what it holds out as a search, null where that says nothing about rankings */
  heldOut?(set: EvaluatorOptions | null): void;
  readonly on: { readonly [E in TrainingEvent]?: (state: TrainingState) => void | Promise<void> };
  /** plain JSON, for checkpoints */
  state?(): unknown;
  restore?(state: unknown): void;
  /** what is too large for JSON, by name, for checkpoints */
  tensors?(): Record<string, StoredTensor>;
  restoreTensors?(tensors: Record<string, StoredTensor>): void;
}
