import * as tf from "@tensorflow/tfjs";
import { addGradients, type Parameters } from "./gradients.js";

/** What computes functions of tfjs ops and their gradients: tfjs's tape op by op, or whole graphs. */
export interface Differentiation {
  /** See {@link addGradients}; tensors that `compute` makes itself may hold other numbers at each call. */
  addGradients(compute: () => tf.Scalar, parameters: Parameters): ReturnType<typeof addGradients>;
  /** The values of compute()'s tensor; nothing is recorded. */
  values(compute: () => tf.Tensor): Float32Array;
  /** What a run's manifest should know once steps were taken; empty where there is nothing to tell. */
  facts(): Record<string, string | number>;
  close(): void;
}

/** Op by op, on the backend in use. */
export const tapeDifferentiation: Differentiation = {
  addGradients,
  values(compute) {
    let values = new Float32Array(0);
    // nothing but tensors may leave a tidy: it would walk through every number
    tf.tidy(() => {
      values = (compute().dataSync() as Float32Array).slice();
    });
    return values;
  },
  facts: () => ({}),
  close: () => {},
};
