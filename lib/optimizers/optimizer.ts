import type * as tf from "@tensorflow/tfjs";
import type { PartSpec } from "../config/part.js";
import type { Parameters } from "../engine/ops/gradients.js";

/** Turns gradients into updates: of dense weights from `denseGradients`, of tables from their recorded gradients. */
export interface Optimizer {
  readonly kind: string;
  /** true where the update is plain arithmetic on the host, whatever backend holds the parameters */
  readonly updatesOnHost?: boolean;
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
   * One update of a method that evaluates its batch several times; in its place {@link applyStep} throws.
   *
   * @param first     the batch's loss and gradients at the present parameters
   * @param evaluate  the same anew, after the parameters moved; null where there is nothing to compare
   */
  stepWith?(
    parameters: Parameters,
    first: { loss: number; gradients: Record<string, tf.Tensor> },
    evaluate: () => { loss: number; gradients: Record<string, tf.Tensor> } | null,
  ): void;
  /**
   * Copies of the state arrays, e.g. "query.0.weight.m" or "text.v" [rows, dim]. All rows of the tables are brought
   * to the present step first, so saving is part of the trajectory: save at the same steps and the bytes agree.
   */
  state(): Record<string, Float32Array>;
  /** Continues from a saved state; the arrays are taken up at the next {@link applyStep}. */
  restore(state: Record<string, Float32Array>, step: number): void;
}

/** Decay rates of Adam's moments, and what its optimisers add to the root of the second. */
export interface AdamOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** An optimiser in plain data: its kind, its learning rate, and what its settings name, in camelCase. */
export interface OptimizerSpec extends PartSpec {
  learningRate: number;
}
