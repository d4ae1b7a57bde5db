import { z } from "zod";
import type { UpdateRule } from "../engine/tables/update-rule.js";
import { UserError } from "../files/user-error.js";
import { optimizerPart } from "./optimizer-part.js";

/** Plain gradient descent: p ← p − lr·g. Rows without gradient stay, as in the dense method. */
function sgdRule(): UpdateRule {
  let rate = 0;
  return {
    kind: "sgd",
    slots: [],
    initialState: 0,
    drift: null,
    factors: () => ({ rule: 1, keep: 1, first: 0, second: 0, rate, floor: 0 }),
    begin(_step, learningRate) {
      rate = learningRate;
    },
    update(parameters, offset, gradient, gradientOffset, _state, _stateOffset, _stateStride, count) {
      for (let i = 0; i < count; i++) parameters[offset + i]! -= rate * gradient[gradientOffset + i]!;
    },
  };
}

/**
 * Adagrad as in PyTorch: a ← a + g², p ← p − lr·g/(√a + ε). Rows without gradient stay, as in the dense method.
 *
 * @see Duchi et al. 2011, JMLR 12
 */
function adagradRule(options: { epsilon: number; initialAccumulator: number }): UpdateRule {
  const { epsilon, initialAccumulator } = options;
  if (!(epsilon > 0)) throw new UserError(`adagrad: epsilon must be > 0, got ${epsilon}`);
  if (!(initialAccumulator >= 0))
    throw new UserError(`adagrad: initialAccumulator must be ≥ 0, got ${initialAccumulator}`);
  let rate = 0;
  return {
    kind: "adagrad",
    slots: ["sum"],
    initialState: initialAccumulator,
    drift: null,
    factors: () => ({ rule: 2, keep: 1, first: 0, second: 0, rate, floor: epsilon }),
    begin(_step, learningRate) {
      rate = learningRate;
    },
    update(parameters, offset, gradient, gradientOffset, state, stateOffset, _stateStride, count) {
      for (let i = 0; i < count; i++) {
        const g = gradient[gradientOffset + i]!;
        const sum = (state[stateOffset + i]! += g * g);
        parameters[offset + i]! -= (rate * g) / (Math.sqrt(sum) + epsilon);
      }
    },
  };
}

export const sgdPart = optimizerPart({
  kind: "sgd",
  summary: "plain gradient descent; rows without gradient stay",
  settings: {},
  rule: sgdRule,
});

export const adagradPart = optimizerPart({
  kind: "adagrad",
  summary: "steps divided by the root of the sum of squared gradients; rows without gradient stay",
  settings: {
    epsilon: z.number().positive().default(1e-10).describe("added to the root; 1e-10 as in PyTorch"),
    initial_accumulator: z.number().min(0).default(0).describe("sum of squared gradients before the first"),
  },
  rule: adagradRule,
});
