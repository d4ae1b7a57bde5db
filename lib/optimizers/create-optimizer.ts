import type { CustomSection, SectionOf, Settings } from "../config/part.js";
import { PartRegistry } from "../config/part-registry.js";
import type { RowMoments } from "../engine/tables/packed-moments.js";
import { adamPart, adamWPart, lazyAdamPart } from "./adam-rule.js";
import { adagradPart, sgdPart } from "./gradient-rules.js";
import { lbfgsPart } from "./lbfgs.js";
import type { Optimizer, OptimizerSpec } from "./optimizer.js";
import type { AnyOptimizerPart } from "./optimizer-part.js";
import { RuleOptimizer } from "./rule-optimizer.js";
import { adadeltaPart } from "./rules/adadelta.js";
import { adamaxPart } from "./rules/adamax.js";
import { averagedSgdPart } from "./rules/averaged-sgd.js";
import { nadamPart } from "./rules/nadam.js";
import { radamPart } from "./rules/radam.js";
import { rmsPropPart } from "./rules/rmsprop.js";
import { rpropPart } from "./rules/rprop.js";
import { adamL2Part, hfAdamWPart, lambPart, sparseAdamPart } from "./span-rules.js";

/** Optimisers that come with the workspace. A new one is a line here. */
const builtIn = [
  adamPart,
  lazyAdamPart,
  adamWPart,
  sgdPart,
  adagradPart,
  adamL2Part,
  hfAdamWPart,
  lambPart,
  sparseAdamPart,
  adamaxPart,
  nadamPart,
  radamPart,
  adadeltaPart,
  rmsPropPart,
  rpropPart,
  averagedSgdPart,
  lbfgsPart,
] as const;

/** Section `optimizer` of a configuration. */
export type OptimizerConfig = SectionOf<(typeof builtIn)[number], Record<never, never>> | CustomSection;

/** Optimisers, by kind. */
export const optimizers = new PartRegistry<AnyOptimizerPart, OptimizerConfig>("optimizer", builtIn);

/**
 * Makes an optimiser available under `kind`, in code and as `optimizer: {type: kind, …}` in YAML; replaces one of the
 * same name.
 *
 * @param settings  its keys as YAML spells them, with defaults; without, options are handed over unchecked
 */
export function registerOptimizer<Options extends { learningRate: number }>(
  kind: string,
  make: (options: Options) => Optimizer,
  settings: Settings | null = null,
): void {
  const part = {
    kind,
    summary: "registered",
    settings,
    make: (options: object, learningRate: number) => make({ ...options, learningRate } as Options),
  };
  optimizers.register(part);
}

/** Kinds that {@link createOptimizer} knows. */
export function optimizerKinds(): string[] {
  return optimizers.kinds();
}

/**
 * Builds the optimiser named by `spec.kind`. Options left out have the defaults that configurations have. Rows of tables
 * outside a batch: "adam" and "adamw" leave them exactly where the dense method would (caught up when next read),
 * "lazy_adam" leaves them still; plain "sgd" and "adagrad" would not move them anyway; all others leave them still, except
 * "lbfgs", which moves everything at once.
 *
 * @throws RangeError for an unknown kind or option, listing the known ones, and for options out of range
 */
export function createOptimizer(spec: OptimizerSpec): Optimizer {
  const { part, options } = partOf(spec);
  const { learningRate } = spec;
  if (part.make) return part.make(options as never, learningRate);
  const { rowMoments } = options as { rowMoments?: RowMoments };
  return new RuleOptimizer(part.rule!(options as never), learningRate, rowMoments);
}

function partOf({ learningRate: _rate, ...spec }: OptimizerSpec) {
  return optimizers.resolve(spec as { kind: string });
}
