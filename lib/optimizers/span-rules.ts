import { power } from "../engine/power.js";
import { UserError } from "../files/user-error.js";
import type { AdamOptions } from "./optimizer.js";
import { momentSettings, optimizerPart, weightDecaySetting } from "./optimizer-part.js";
import { SpanOptimizer, type SpanRule } from "./span-optimizer.js";

type Momenta = AdamOptions & { weightDecay: number };

/**
 * LAMB: Adam's step u = m̂/(√v̂ + ε) + w·p, scaled to the length of the parameters: p ← p − lr · (‖p‖/‖u‖) u; the ratio is 1
 * where either norm is 0.
 *
 * The norms are those of a span. Dense weights are one span each, as published; of a table each touched row is one,
 * because the norm of the whole table would make a step cost what the table does.
 *
 * @see You et al. 2020, arXiv:1904.00962
 */
function lambRule(options: Momenta): SpanRule {
  const { beta1, beta2, epsilon, weightDecay } = options;
  checkMomenta("lamb", { beta1, beta2, epsilon, weightDecay });
  return {
    kind: "lamb",
    slots: ["m", "v"],
    update({ values, gradient, state }, step, learningRate) {
      const [m, v] = state as [Float32Array, Float32Array];
      const direction = new Float64Array(values.length);
      let [length, reach] = [0, 0];
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]!;
        m[i]! += (1 - beta1) * (g - m[i]!);
        v[i]! += (1 - beta2) * (g * g - v[i]!);
        const p = values[i]!;
        const u =
          m[i]! / (1 - power(beta1, step)) / (Math.sqrt(v[i]! / (1 - power(beta2, step))) + epsilon) +
          weightDecay * p;
        direction[i] = u;
        length += p * p;
        reach += u * u;
      }
      const ratio = length > 0 && reach > 0 ? Math.sqrt(length / reach) : 1;
      for (let i = 0; i < values.length; i++) values[i]! -= learningRate * ratio * direction[i]!;
    },
  };
}

/** Adam with L2 regularisation: the weight decay is added to the gradient, w·p (not decoupled, PyTorch's Adam). */
function adamL2Rule(options: Momenta): SpanRule {
  const { beta1, beta2, epsilon, weightDecay } = options;
  checkMomenta("adam_l2", { beta1, beta2, epsilon, weightDecay });
  return {
    kind: "adam_l2",
    slots: ["m", "v"],
    update({ values, gradient, state }, step, learningRate) {
      const [m, v] = state as [Float32Array, Float32Array];
      const root = Math.sqrt(1 - power(beta2, step));
      const rate = (learningRate * root) / (1 - power(beta1, step));
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! + weightDecay * values[i]!;
        m[i]! += (1 - beta1) * (g - m[i]!);
        v[i]! += (1 - beta2) * (g * g - v[i]!);
        values[i]! -= (rate * m[i]!) / (Math.sqrt(v[i]!) + epsilon * root);
      }
    },
  };
}

/**
 * AdamW as the older Hugging Face library had it: ε is added to √v before the bias correction, weight decay comes after
 * the step.
 */
function hfAdamWRule(options: Momenta): SpanRule {
  const { beta1, beta2, epsilon, weightDecay } = options;
  checkMomenta("hf_adamw", { beta1, beta2, epsilon, weightDecay });
  return {
    kind: "hf_adamw",
    slots: ["m", "v"],
    update({ values, gradient, state }, step, learningRate) {
      const [m, v] = state as [Float32Array, Float32Array];
      const rate = (learningRate * Math.sqrt(1 - power(beta2, step))) / (1 - power(beta1, step));
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]!;
        m[i]! += (1 - beta1) * (g - m[i]!);
        v[i]! += (1 - beta2) * (g * g - v[i]!);
        const moved = values[i]! - (rate * m[i]!) / (Math.sqrt(v[i]!) + epsilon);
        values[i] = moved * (1 - learningRate * weightDecay);
      }
    },
  };
}

function checkMomenta(kind: string, options: Momenta): void {
  for (const name of ["beta1", "beta2"] as const)
    if (!(options[name] >= 0 && options[name] < 1))
      throw new UserError(`${kind}: ${name} must be in [0, 1), got ${options[name]}`);
  if (!(options.epsilon > 0)) throw new UserError(`${kind}: epsilon must be > 0, got ${options.epsilon}`);
  if (!(options.weightDecay >= 0))
    throw new UserError(`${kind}: weightDecay must be ≥ 0, got ${options.weightDecay}`);
}

export const lambPart = optimizerPart({
  kind: "lamb",
  summary:
    "Adam's step scaled to the length of each weight or touched row; idle rows stay (arXiv:1904.00962)",
  settings: { ...momentSettings, weight_decay: weightDecaySetting(0.01) },
  make: (options, learningRate) => new SpanOptimizer(lambRule(options), learningRate),
});

export const adamL2Part = optimizerPart({
  kind: "adam_l2",
  summary: "weight decay added to the gradient; idle rows stay",
  settings: { ...momentSettings, weight_decay: weightDecaySetting(0) },
  make: (options, learningRate) => new SpanOptimizer(adamL2Rule(options), learningRate),
});

export const hfAdamWPart = optimizerPart({
  kind: "hf_adamw",
  summary: "ε added before the bias correction; idle rows stay",
  settings: { ...momentSettings, weight_decay: weightDecaySetting(0) },
  make: (options, learningRate) => new SpanOptimizer(hfAdamWRule(options), learningRate),
});

export const sparseAdamPart = optimizerPart({
  kind: "sparse_adam",
  published: ["SparseAdam"],
  summary: "lazy_adam with ε added before the bias correction, as PyTorch's SparseAdam; idle rows stay",
  settings: momentSettings,
  make: (options, learningRate) =>
    new SpanOptimizer({ ...hfAdamWRule({ ...options, weightDecay: 0 }), kind: "sparse_adam" }, learningRate),
});
