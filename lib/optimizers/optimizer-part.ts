import { z } from "zod";
import type { OptionsOf, Part, Settings } from "../config/part.js";
import type { UpdateRule } from "../engine/tables/update-rule.js";
import type { Optimizer } from "./optimizer.js";

/** An optimiser as its index holds it: an update rule, which tables can follow by themselves, or the whole thing. */
export interface AnyOptimizerPart extends Part {
  rule?(options: never): UpdateRule;
  make?(options: never, learningRate: number): Optimizer;
}

/** An optimiser that declares itself. */
export interface OptimizerPart<K extends string, S extends Settings> extends AnyOptimizerPart {
  readonly kind: K;
  readonly settings: S;
  rule?(options: OptionsOf<S>): UpdateRule;
  make?(options: OptionsOf<S>, learningRate: number): Optimizer;
}

/** Checks a declaration: the factory takes the options that the settings describe. */
export function optimizerPart<K extends string, S extends Settings>(
  part: OptimizerPart<K, S>,
): OptimizerPart<K, S> {
  return part;
}

const decayRate = z.number().min(0).lt(1);

/** Settings of everything that keeps Adam's moments; defaults as published (arXiv:1412.6980). */
export const momentSettings = {
  beta1: decayRate.default(0.9).describe("decay of the first moment"),
  beta2: decayRate.default(0.999).describe("decay of the second moment"),
  epsilon: z.number().positive().default(1e-8).describe("added to the root of the second moment"),
};

/** For the optimisers that have a kernel for it. */
export const rowMomentsSettings = {
  row_moments: z
    .enum(["float32", "bfloat16"])
    .default("float32")
    .describe(
      "moments of rows of embedding tables in memory; bfloat16, rounded at random by step and row, makes a row with its moments a third smaller (those of dense weights stay float32)",
    ),
};

export function weightDecaySetting(value: number) {
  return z.number().min(0).default(value).describe("weight decay per step, times the learning rate");
}
