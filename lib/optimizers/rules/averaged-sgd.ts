import { z } from "zod";
import { power } from "../../engine/power.js";
import { optimizerPart, weightDecaySetting } from "../optimizer-part.js";
import { SpanOptimizer, type SpanRule } from "../span-optimizer.js";

export interface AveragedSgdOptions {
  lambda: number;
  alpha: number;
  start: number;
  weightDecay: number;
}

/**
 * Averaged gradient descent (ASGD) as in PyTorch: p ← p(1 − λη) − ηg with η = lr/(1 + λ·lr·(t − 1))^α, and the mean of the
 * parameters from step `start` on in the state "average"; the parameters themselves are not replaced by it.
 *
 * @see Polyak & Juditsky 1992, doi:10.1137/0330046
 */
export function averagedSgdRule(options: AveragedSgdOptions): SpanRule {
  const { lambda, alpha, start, weightDecay } = options;
  return {
    kind: "asgd",
    slots: ["average"],
    update({ values, gradient, state }, step, learningRate) {
      const [average] = state as [Float32Array];
      const eta = learningRate / power(1 + lambda * learningRate * (step - 1), alpha);
      const share = step === 1 ? 1 : 1 / Math.max(1, step - 1 - start);
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! + weightDecay * values[i]!;
        values[i] = values[i]! * (1 - lambda * eta) - eta * g;
        average[i]! += share * (values[i]! - average[i]!);
      }
    },
  };
}

export const averagedSgdPart = optimizerPart({
  kind: "asgd",
  published: ["ASGD"],
  publishedOptions: { lambd: "lambda", t0: "start" },
  summary: "gradient descent whose parameters are averaged in its state; idle rows stay",
  settings: {
    lambda: z.number().min(0).default(1e-4).describe("λ, by which parameters and rate decay"),
    alpha: z.number().min(0).default(0.75).describe("α, the power by which the rate falls"),
    start: z.number().min(0).default(1e6).describe("step from which the mean is taken"),
    weight_decay: weightDecaySetting(0).describe("w, added to the gradient times the parameter"),
  },
  make: (options, learningRate) => new SpanOptimizer(averagedSgdRule(options), learningRate),
});
