import type { UpdateRule } from "../engine/tables/update-rule.js";
import { UserError } from "../files/user-error.js";
import { adamRule } from "./adam-rule.js";
import { adagradRule, sgdRule } from "./gradient-rules.js";
import type { AdamOptions, Optimizer, OptimizerSpec } from "./optimizer.js";
import { RuleOptimizer } from "./rule-optimizer.js";
import { SpanOptimizer } from "./span-optimizer.js";
import { adamL2Rule, hfAdamWRule, lambRule } from "./span-rules.js";

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

type SpanSpec = AdamOptions & { weightDecay?: number };

const whole = new Map<string, (spec: never) => Optimizer>([
  ["lamb", (spec: SpanSpec) => new SpanOptimizer(lambRule(spec), spec.learningRate)],
  ["adam_l2", (spec: SpanSpec) => new SpanOptimizer(adamL2Rule(spec), spec.learningRate)],
  ["hf_adamw", (spec: SpanSpec) => new SpanOptimizer(hfAdamWRule(spec), spec.learningRate)],
]);

/** Makes an optimiser available to {@link createOptimizer} under `kind`; replaces one of the same name. */
export function registerOptimizer<S extends { learningRate: number }>(
  kind: string,
  factory: (spec: S) => Optimizer,
): void {
  whole.set(kind, factory as (spec: never) => Optimizer);
}

/** Kinds that {@link createOptimizer} knows. */
export function optimizerKinds(): string[] {
  return [...new Set([...rules.keys(), ...whole.keys()])];
}

/** The update rule named by `spec.kind`, for those who keep parameters themselves. Throws as createOptimizer. */
export function createRule(spec: OptimizerSpec): UpdateRule {
  const rule = rules.get(spec.kind);
  if (!rule) throw new UserError(`unknown optimizer "${spec.kind}"; known: ${optimizerKinds().join(", ")}`);
  return rule(spec as never);
}

/**
 * Builds the optimiser named by `spec.kind`. Rows of tables outside a batch: "adam" and "adamw" leave them exactly
 * where the dense method would (caught up when next read), "lazy_adam" leaves them still; "sgd" and "adagrad" would
 * not move them anyway; "lamb", "adam_l2" and "hf_adamw" leave them still.
 *
 * @throws RangeError for an unknown kind, listing the known ones, and for options out of range
 */
export function createOptimizer(spec: OptimizerSpec): Optimizer {
  const factory = whole.get(spec.kind);
  if (factory) return factory(spec as never);
  const rowMoments = "rowMoments" in spec ? spec.rowMoments : undefined;
  return new RuleOptimizer(createRule(spec), spec.learningRate, rowMoments);
}
