import { z } from "zod";
import type { UpdateRule } from "../engine/tables/update-rule.js";
import { UserError } from "../files/user-error.js";
import { optimizerPart, weightDecaySetting } from "./optimizer-part.js";
import { RuleOptimizer } from "./rule-optimizer.js";
import { SpanOptimizer, type SpanRule } from "./span-optimizer.js";

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

/**
 * Gradient descent with momentum as in PyTorch: g ← g + w·p, b ← μ·b + (1 − τ)·g (b = g at first), p ← p − lr·b, or
 * p ← p − lr·(g + μ·b) for Nesterov's. Rows of tables outside the batch stay, momentum and all.
 *
 * @throws RangeError for Nesterov's without momentum or with dampening
 * @see Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", ICML
 */
function momentumRule(options: MomentumOptions): SpanRule {
  const { momentum, dampening, nesterov, weightDecay } = options;
  if (nesterov && (momentum === 0 || dampening !== 0))
    throw new UserError(
      `sgd: nesterov must have a momentum and no dampening, got ${momentum} and ${dampening}`,
    );
  return {
    kind: "sgd",
    slots: ["momentum", "started"],
    update({ values, gradient, state }, _step, learningRate) {
      const [buffer, started] = state as [Float32Array, Float32Array];
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! + weightDecay * values[i]!;
        buffer[i] = started[i] ? momentum * buffer[i]! + (1 - dampening) * g : g;
        started[i] = 1;
        values[i]! -= learningRate * (nesterov ? g + momentum * buffer[i]! : buffer[i]!);
      }
    },
  };
}

interface MomentumOptions {
  momentum: number;
  dampening: number;
  nesterov: boolean;
  weightDecay: number;
}

/** The update rule where nothing but the rate is asked for, which kernels have; else {@link momentumRule}. */
export function isPlainSgd({ momentum, dampening, nesterov, weightDecay }: MomentumOptions): boolean {
  return momentum === 0 && dampening === 0 && !nesterov && weightDecay === 0;
}

export const sgdPart = optimizerPart({
  kind: "sgd",
  published: ["SGD"],
  summary: "gradient descent, with momentum or without; rows without gradient stay",
  settings: {
    momentum: z.number().min(0).lt(1).default(0).describe("μ; 0 = plain gradient descent"),
    dampening: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe("τ, share of the gradient kept out of the momentum"),
    nesterov: z.boolean().default(false).describe("look ahead along the momentum"),
    weight_decay: weightDecaySetting(0).describe("w, added to the gradient times the parameter"),
  },
  make: (options, learningRate) =>
    isPlainSgd(options)
      ? new RuleOptimizer(sgdRule(), learningRate)
      : new SpanOptimizer(momentumRule(options), learningRate),
});

export const adagradPart = optimizerPart({
  kind: "adagrad",
  published: ["Adagrad"],
  summary: "steps divided by the root of the sum of squared gradients; rows without gradient stay",
  settings: {
    epsilon: z.number().positive().default(1e-10).describe("added to the root; 1e-10 as in PyTorch"),
    initial_accumulator: z.number().min(0).default(0).describe("sum of squared gradients before the first"),
  },
  rule: adagradRule,
});
