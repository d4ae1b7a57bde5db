import type * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../engine/ops/gradients.js";
import type { RowMoments } from "../engine/tables/packed-moments.js";

/** Turns gradients into updates: of dense weights from `denseGradients`, of tables from their recorded gradients. */
export interface Optimizer {
  readonly kind: string;
  /** updates applied so far */
  readonly step: number;
  /** may be changed between steps (schedules) */
  learningRate: number;
  /**
   * One update. Weights without a gradient here stay as they are, their state too. Drains the tables.
   * @throws RangeError if a gradient has no weight of its name and size
   */
  applyStep(parameters: Parameters, denseGradients: Record<string, tf.Tensor>): void;
  /**
   * Copies of the state arrays, e.g. "query.0.weight.m" or "text.v" [rows, dim]. All rows of the tables are brought
   * to the present step first, so saving is part of the trajectory: save at the same steps and the bytes agree.
   */
  state(): Record<string, Float32Array>;
  /** Continues from a saved state; the arrays are taken up at the next {@link applyStep}. */
  restore(state: Record<string, Float32Array>, step: number): void;
}

export interface AdamOptions {
  learningRate: number;
  /** decay of the first moment (default 0.9) */
  beta1?: number;
  /** decay of the second moment (default 0.999) */
  beta2?: number;
  /** added to the root of the second moment (default 1e-8) */
  epsilon?: number;
}

/** How rows of tables keep Adam's moments (default float32); those of dense weights are always float32. */
interface RowMomentsOption {
  rowMoments?: RowMoments;
}

/** An optimiser in plain data. */
export type OptimizerSpec =
  | ({ kind: "adam" | "lazy_adam" } & AdamOptions & RowMomentsOption)
  | ({ kind: "adamw"; weightDecay?: number } & AdamOptions & RowMomentsOption)
  | ({ kind: "lamb" | "adam_l2" | "hf_adamw"; weightDecay?: number } & AdamOptions)
  | { kind: "sgd"; learningRate: number }
  | { kind: "adagrad"; learningRate: number; epsilon?: number; initialAccumulator?: number };
