import type { StoredTensor } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import { interpolateWeights, WeightAverage } from "../../optimizers/weight-average.js";
import type { Callback, TrainingState } from "./callback.js";

/** When the fit ends, θ = (1 − α) · parameters before it + α · parameters after it. @see interpolateWeights */
export function wiseFt(alpha: number): Callback {
  if (!(alpha >= 0 && alpha <= 1)) throw new UserError(`wiseFt: alpha must be in [0, 1], got ${alpha}`);
  let before: Record<string, StoredTensor> | null = null;
  return {
    name: "wise_ft",
    on: {
      fit_begin(state) {
        before ??= copies(state);
      },
      fit_end(state) {
        put(state, interpolateWeights(arraysOf(before!), arraysOf(state.parameters()), alpha));
      },
    },
    tensors: () => before ?? {},
    restoreTensors(saved) {
      before = saved;
    },
  };
}

/**
 * Exponential moving average of all parameters, taken every few steps; the average takes their place when the fit ends.
 * Checkpoints hold it, so a fit stopped and resumed ends with the same bytes.
 */
export function weightAverage(options: { decay: number; everySteps?: number }): Callback {
  const { decay, everySteps = 10 } = options;
  const average = new WeightAverage(decay);
  let shapes: Record<string, number[]> = {};
  return {
    name: "weight_average",
    on: {
      train_batch_end(state) {
        if (state.step % everySteps !== 0) return;
        const parameters = state.parameters();
        shapes = Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, shape]));
        average.add(arraysOf(parameters));
      },
      fit_end(state) {
        average.add(arraysOf(state.parameters()));
        put(state, average.values());
      },
    },
    tensors: () =>
      average.started
        ? Object.fromEntries(
            Object.entries(average.values()).map(([name, data]) => [name, { shape: shapes[name]!, data }]),
          )
        : {},
    restoreTensors(saved) {
      if (Object.keys(saved).length === 0) return;
      shapes = Object.fromEntries(Object.entries(saved).map(([name, { shape }]) => [name, shape]));
      average.restore(arraysOf(saved));
    },
  };
}

function copies(state: TrainingState): Record<string, StoredTensor> {
  return Object.fromEntries(
    Object.entries(state.parameters()).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.slice() },
    ]),
  );
}

function arraysOf(parameters: Record<string, StoredTensor>): Record<string, ArrayLike<number>> {
  return Object.fromEntries(Object.entries(parameters).map(([name, { data }]) => [name, data]));
}

function put(state: TrainingState, values: Record<string, Float32Array>): void {
  const shapes = state.parameters();
  state.setParameters(
    Object.fromEntries(
      Object.entries(values).map(([name, data]) => [name, { shape: shapes[name]!.shape, data }]),
    ),
  );
}
