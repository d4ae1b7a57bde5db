import { z } from "zod";
import { optimizerPart, weightDecaySetting } from "../optimizer-part.js";
import { SpanOptimizer, type SpanRule } from "../span-optimizer.js";

/**
 * Adadelta as in PyTorch: v ← ρv + (1 − ρ)g², δ = √(a + ε)/√(v + ε) · g, a ← ρa + (1 − ρ)δ², p ← p − lr·δ; g with w·p added.
 *
 * @see Zeiler 2012, arXiv:1212.5701
 */
export function adadeltaRule(options: { rho: number; epsilon: number; weightDecay: number }): SpanRule {
  const { rho, epsilon, weightDecay } = options;
  return {
    kind: "adadelta",
    slots: ["v", "delta"],
    update({ values, gradient, state }, _step, learningRate) {
      const [v, moved] = state as [Float32Array, Float32Array];
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! + weightDecay * values[i]!;
        v[i] = rho * v[i]! + (1 - rho) * g * g;
        const delta = (Math.sqrt(moved[i]! + epsilon) / Math.sqrt(v[i]! + epsilon)) * g;
        moved[i] = rho * moved[i]! + (1 - rho) * delta * delta;
        values[i]! -= learningRate * delta;
      }
    },
  };
}

export const adadeltaPart = optimizerPart({
  kind: "adadelta",
  published: ["Adadelta"],
  summary:
    "steps of the size of earlier ones; its learning rate is usually 1; idle rows stay (arXiv:1212.5701)",
  settings: {
    rho: z.number().min(0).lt(1).default(0.9).describe("ρ, decay of both averages of squares"),
    epsilon: z.number().positive().default(1e-6).describe("added under both roots"),
    weight_decay: weightDecaySetting(0).describe("w, added to the gradient times the parameter"),
  },
  make: (options, learningRate) => new SpanOptimizer(adadeltaRule(options), learningRate),
});
