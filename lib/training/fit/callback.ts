import type { Encoder } from "../../encoders/encoder.js";
import type { StoredTensor } from "../../files/safetensors.js";

/** Moments of a fit at which callbacks run, in the order of an epoch. */
export type FitEvent =
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
export interface FitState {
  readonly encoder: Encoder;
  readonly epochs: number;
  /** from 0 */
  readonly epoch: number;
  readonly batchIndex: number;
  readonly trainBatches: number;
  readonly validationBatches: number;
  /** updates so far */
  readonly step: number;
  /** loss of the last batch in which something was compared; 0 before the first */
  readonly loss: number;
  /** mean over the epoch so far; NaN before the first batch */
  readonly trainLoss: number;
  /** mean over the last validation; NaN without */
  readonly validationLoss: number;
  readonly learningRate: number;
  /** measures by name; evaluation callbacks write them, later ones read them */
  readonly metrics: Record<string, number>;
  /** set on "exception" */
  readonly error: Error | null;
  /** ends the fit after this epoch */
  stop(reason: string): void;
  /** one line for the user */
  tell(line: string): void;
  /** copies of the parameters */
  parameters(): Record<string, StoredTensor>;
  setParameters(parameters: Record<string, StoredTensor>): void;
  /** parameters, optimiser and callbacks, to go on from */
  checkpoint(): FitCheckpoint;
}

/** All that a fit needs to go on after an epoch. */
export interface FitCheckpoint {
  epochsDone: number;
  step: number;
  parameters: Record<string, StoredTensor>;
  optimizer: Record<string, Float32Array>;
  objective: Record<string, StoredTensor>;
  /** state of callbacks by name, plain JSON */
  callbacks: Record<string, unknown>;
  /** tensors of callbacks, as <callback>/<tensor> */
  callbackTensors?: Record<string, StoredTensor>;
  /** state of the encoder's generator */
  randomState: number[];
}

/** Something that runs at moments of a fit. On each, callbacks run in the order given, the progress bar first. */
export interface Callback {
  readonly name: string;
  /** the measure that it cannot do without, if it is known */
  readonly monitors?: string;
  readonly on: { readonly [E in FitEvent]?: (state: FitState) => void | Promise<void> };
  /** plain JSON, for checkpoints */
  state?(): unknown;
  restore?(state: unknown): void;
  /** what is too large for JSON, by name, for checkpoints */
  tensors?(): Record<string, StoredTensor>;
  restoreTensors?(tensors: Record<string, StoredTensor>): void;
}
