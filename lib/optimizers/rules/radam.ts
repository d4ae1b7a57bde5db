import { power } from "../../engine/power.js";
import type { AdamOptions } from "../optimizer.js";
import { momentSettings, optimizerPart, weightDecaySetting } from "../optimizer-part.js";
import { SpanOptimizer, type SpanRule } from "../span-optimizer.js";

/**
 * RAdam as in PyTorch: Adam whose adaptive step is held back while the variance of v is not known: with ρ∞ = 2/(1 − β₂) − 1 and
 * ρ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ), p ← p − lr·m̂·r·√(1 − β₂ᵗ)/(√v + ε) where ρ > 5,
 * r² = (ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ), else p ← p − lr·m̂; g with w·p added.
 *
 * @see Liu et al. 2020, arXiv:1908.03265
 */
export function radamRule(options: AdamOptions & { weightDecay: number }): SpanRule {
  const { beta1, beta2, epsilon, weightDecay } = options;
  const longest = 2 / (1 - beta2) - 1;
  return {
    kind: "radam",
    slots: ["m", "v"],
    update({ values, gradient, state }, step, learningRate) {
      const [m, v] = state as [Float32Array, Float32Array];
      const decayed = power(beta2, step);
      const rate = learningRate / (1 - power(beta1, step));
      const length = longest - (2 * step * decayed) / (1 - decayed);
      const rectified =
        length > 5
          ? Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length)) *
            Math.sqrt(1 - decayed)
          : null;
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! + weightDecay * values[i]!;
        m[i]! += (1 - beta1) * (g - m[i]!);
        v[i]! += (1 - beta2) * (g * g - v[i]!);
        values[i]! -= rate * m[i]! * (rectified === null ? 1 : rectified / (Math.sqrt(v[i]!) + epsilon));
      }
    },
  };
}

export const radamPart = optimizerPart({
  kind: "radam",
  published: ["RAdam"],
  summary: "Adam that warms up by itself; idle rows stay (arXiv:1908.03265)",
  settings: {
    ...momentSettings,
    weight_decay: weightDecaySetting(0).describe("w, added to the gradient times the parameter"),
  },
  make: (options, learningRate) => new SpanOptimizer(radamRule(options), learningRate),
});
