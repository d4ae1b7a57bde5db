import type { UpdateRule } from "../engine/update-rule.js";
import { adamRule } from "./adam-rule.js";
import { adagradRule, sgdRule } from "./gradient-rules.js";
import type { Optimizer, OptimizerSpec } from "./optimizer.js";
import { RuleOptimizer } from "./rule-optimizer.js";

const rules = new Map<string, (spec: never) => UpdateRule>([
  ["adam", (spec: OptimizerSpec & { kind: "adam" }) => adamRule("adam", spec, false)],
  ["lazy_adam", (spec: OptimizerSpec & { kind: "lazy_adam" }) => adamRule("lazy_adam", spec, true)],
  [
    "adamw",
    (spec: OptimizerSpec & { kind: "adamw" }) => adamRule("adamw", { weightDecay: 0.01, ...spec }, false),
  ],
  ["sgd", () => sgdRule()],
  ["adagrad", (spec: OptimizerSpec & { kind: "adagrad" }) => adagradRule(spec)],
]);

/** Kinds that {@link createOptimizer} knows. */
export function optimizerKinds(): string[] {
  return [...rules.keys()];
}

/** The update rule named by `spec.kind`, for those who keep parameters themselves. Throws as createOptimizer. */
export function createRule(spec: OptimizerSpec): UpdateRule {
  const rule = rules.get(spec.kind);
  if (!rule) throw new RangeError(`unknown optimizer "${spec.kind}"; known: ${optimizerKinds().join(", ")}`);
  return rule(spec as never);
}

/**
 * Builds the optimiser named by `spec.kind`. Rows of tables outside a batch: "adam" and "adamw" leave them exactly
 * where the dense method would (caught up when next read), "lazy_adam" leaves them still; "sgd" and "adagrad" would
 * not move them anyway.
 *
 * @throws RangeError for an unknown kind, listing the known ones, and for options out of range
 */
export function createOptimizer(spec: OptimizerSpec): Optimizer {
  return new RuleOptimizer(createRule(spec), spec.learningRate);
}
