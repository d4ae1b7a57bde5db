import { z } from "zod";
import { power } from "../../engine/power.js";
import type { AdamOptions } from "../optimizer.js";
import { momentSettings, optimizerPart, weightDecaySetting } from "../optimizer-part.js";
import { SpanOptimizer, type SpanRule } from "../span-optimizer.js";

/**
 * NAdam: Adam with Nesterov's momentum. μₜ = β₁(1 − ½·0.96^(ψt)), Πₜ = μ₁ … μₜ, v̂ = v/(1 − β₂ᵗ),
 * p ← p − lr·[(1 − μₜ)/(1 − Πₜ)·g + μₜ₊₁/(1 − Πₜ₊₁)·m]/(√v̂ + ε); g with w·p added.
 *
 * PyTorch before 2.0 had μₜ twice in Πₜ₊₁.
 *
 * @see Dozat 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
 */
export function nadamRule(options: AdamOptions & { weightDecay: number; momentumDecay: number }): SpanRule {
  const { beta1, beta2, epsilon, weightDecay, momentumDecay } = options;
  const momentumAt = (step: number) => beta1 * (1 - 0.5 * power(0.96, step * momentumDecay));
  const products = [1]; // Π of each step so far
  const productAt = (step: number) => {
    while (products.length <= step) products.push(products.at(-1)! * momentumAt(products.length));
    return products[step]!;
  };
  return {
    kind: "nadam",
    slots: ["m", "v"],
    update({ values, gradient, state }, step, learningRate) {
      const [m, v] = state as [Float32Array, Float32Array];
      const correction = 1 - power(beta2, step);
      const now = (1 - momentumAt(step)) / (1 - productAt(step));
      const next = momentumAt(step + 1) / (1 - productAt(step + 1));
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! + weightDecay * values[i]!;
        m[i]! += (1 - beta1) * (g - m[i]!);
        v[i]! += (1 - beta2) * (g * g - v[i]!);
        values[i]! -= (learningRate * (now * g + next * m[i]!)) / (Math.sqrt(v[i]! / correction) + epsilon);
      }
    },
  };
}

export const nadamPart = optimizerPart({
  kind: "nadam",
  published: ["NAdam"],
  summary: "Adam with Nesterov's momentum; idle rows stay",
  settings: {
    ...momentSettings,
    momentum_decay: z.number().min(0).default(4e-3).describe("ψ, by which the momentum rises to beta1"),
    weight_decay: weightDecaySetting(0).describe("w, added to the gradient times the parameter"),
  },
  make: (options, learningRate) => new SpanOptimizer(nadamRule(options), learningRate),
});
