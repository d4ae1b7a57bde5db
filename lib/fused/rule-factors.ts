import { power } from "../engine/power.js";
import { AdamDrift } from "../engine/tables/adam-drift.js";
import type { RuleFactors } from "../engine/tables/update-rule.js";
import type { FusedOptimizer } from "./fused-plan.js";

/** The factors of update `step` (from 1) at `learningRate`; the rules are those of lib/optimizers. */
export function ruleFactors(optimizer: FusedOptimizer, step: number, learningRate: number): RuleFactors {
  const { kind, beta1 = 0.9, beta2 = 0.999, weightDecay = 0.01 } = optimizer;
  const epsilon = optimizer.epsilon ?? (kind === "adagrad" ? 1e-10 : 1e-8);
  const plain = { keep: 1, first: 0, second: 0, rate: learningRate, floor: epsilon };
  if (kind === "sgd") return { rule: 1, ...plain };
  if (kind === "adagrad") return { rule: 2, ...plain };
  const root = Math.sqrt(1 - power(beta2, step));
  return {
    rule: 0,
    keep: kind === "adamw" ? 1 - learningRate * weightDecay : 1,
    first: 1 - beta1,
    second: 1 - beta2,
    rate: (learningRate * root) / (1 - power(beta1, step)),
    floor: epsilon * root,
  };
}

/** How rows without gradient move under `optimizer`; null if they stay. */
export function driftOf(optimizer: FusedOptimizer): AdamDrift | null {
  const { kind, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = optimizer;
  if (kind !== "adam" && kind !== "adamw") return null;
  return new AdamDrift(beta1, beta2, epsilon, kind === "adamw" ? weightDecay : 0);
}
