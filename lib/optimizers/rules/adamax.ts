import { power } from "../../engine/power.js";
import type { AdamOptions } from "../optimizer.js";
import { momentSettings, optimizerPart, weightDecaySetting } from "../optimizer-part.js";
import { SpanOptimizer, type SpanRule } from "../span-optimizer.js";

/**
 * Adamax as in PyTorch: m ← β₁m + (1 − β₁)g, u ← max(β₂u, |g| + ε), p ← p − lr/(1 − β₁ᵗ) · m/u; g with w·p added.
 *
 * @see Kingma & Ba 2015, arXiv:1412.6980, section 7.1
 */
export function adamaxRule(options: AdamOptions & { weightDecay: number }): SpanRule {
  const { beta1, beta2, epsilon, weightDecay } = options;
  return {
    kind: "adamax",
    slots: ["m", "u"],
    update({ values, gradient, state }, step, learningRate) {
      const [m, u] = state as [Float32Array, Float32Array];
      const rate = learningRate / (1 - power(beta1, step));
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! + weightDecay * values[i]!;
        m[i]! += (1 - beta1) * (g - m[i]!);
        u[i] = Math.max(beta2 * u[i]!, Math.abs(g) + epsilon);
        values[i]! -= (rate * m[i]!) / u[i]!;
      }
    },
  };
}

export const adamaxPart = optimizerPart({
  kind: "adamax",
  published: ["Adamax"],
  summary: "Adam by the largest gradient; idle rows stay (arXiv:1412.6980, section 7.1)",
  settings: {
    ...momentSettings,
    weight_decay: weightDecaySetting(0).describe("w, added to the gradient times the parameter"),
  },
  make: (options, learningRate) => new SpanOptimizer(adamaxRule(options), learningRate),
});
