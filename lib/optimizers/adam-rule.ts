import { power } from "../engine/power.js";
import { AdamDrift } from "../engine/tables/adam-drift.js";
import type { UpdateRule } from "../engine/tables/update-rule.js";
import { UserError } from "../files/user-error.js";
import type { AdamOptions } from "./optimizer.js";
import { momentSettings, optimizerPart, rowMomentsSettings, weightDecaySetting } from "./optimizer-part.js";

/**
 * Adam as in PyTorch: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
 * p ← p(1 − lr·w) − lr/(1−β₁ᵗ) · m / (√(v/(1−β₂ᵗ)) + ε); w is the decoupled weight decay (AdamW), else 0.
 *
 * @param lazy rows without gradient stay where they are (they miss the drift and decay that dense Adam gives them)
 * @see Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter 2019, arXiv:1711.05101
 */
function adamRule(kind: string, options: AdamOptions & { weightDecay?: number }, lazy: boolean): UpdateRule {
  const { beta1, beta2, epsilon, weightDecay = 0 } = options;
  for (const [name, value] of Object.entries({ beta1, beta2 }))
    if (!(value >= 0 && value < 1)) throw new UserError(`${kind}: ${name} must be in [0, 1), got ${value}`);
  if (!(epsilon > 0)) throw new UserError(`${kind}: epsilon must be > 0, got ${epsilon}`);
  if (!(weightDecay >= 0)) throw new UserError(`${kind}: weightDecay must be ≥ 0, got ${weightDecay}`);
  let rate = 0;
  let floor = 0;
  let keep = 1;
  return {
    kind,
    slots: ["m", "v"],
    initialState: 0,
    drift: lazy ? null : new AdamDrift(beta1, beta2, epsilon, weightDecay),
    factors: () => ({ rule: 0, keep, first: 1 - beta1, second: 1 - beta2, rate, floor }),
    begin(step, learningRate) {
      const root = Math.sqrt(1 - power(beta2, step));
      rate = (learningRate * root) / (1 - power(beta1, step));
      floor = epsilon * root;
      keep = 1 - learningRate * weightDecay;
    },
    update(parameters, offset, gradient, gradientOffset, state, stateOffset, stateStride, count) {
      for (let i = 0; i < count; i++) {
        const g = gradient[gradientOffset + i]!;
        const s = stateOffset + i;
        const m = state[s]! + (1 - beta1) * (g - state[s]!);
        const v = state[s + stateStride]! + (1 - beta2) * (g * g - state[s + stateStride]!);
        state[s] = m;
        state[s + stateStride] = v;
        parameters[offset + i] = parameters[offset + i]! * keep - (rate * m) / (Math.sqrt(v) + floor);
      }
    },
  };
}

export const adamPart = optimizerPart({
  kind: "adam",
  published: ["Adam"],
  summary: "rows outside the batch end where dense Adam puts them",
  settings: { ...momentSettings, ...rowMomentsSettings },
  rule: (options) => adamRule("adam", options, false),
});

export const lazyAdamPart = optimizerPart({
  kind: "lazy_adam",
  summary: "rows outside the batch stay where they are",
  settings: { ...momentSettings, ...rowMomentsSettings },
  rule: (options) => adamRule("lazy_adam", options, true),
});

export const adamWPart = optimizerPart({
  kind: "adamw",
  published: ["AdamW"],
  summary: "decoupled weight decay, idle rows included (arXiv:1711.05101)",
  settings: { ...momentSettings, ...rowMomentsSettings, weight_decay: weightDecaySetting(0.01) },
  rule: (options) => adamRule("adamw", options, false),
});
