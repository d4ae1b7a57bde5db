import type * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../engine/ops/gradients.js";
import { UserError } from "../files/user-error.js";
import type { Optimizer } from "./optimizer.js";

export interface OptimizerGroup {
  /** which parameters the group moves; the first group that accepts one has it */
  accepts(name: string, kind: "weight" | "table"): boolean;
  optimizer: Optimizer;
  /** the group's rate is the common learning rate (that of the first group over its factor) times this */
  factor: number;
  /** the group's own rate by its step, instead of the common rate times `factor` */
  rate?: (step: number) => number;
}

/**
 * Several optimisers, each for its own parameters: layer-wise rates, one per encoder, or one for a loss's own weights. The
 * first group's rate follows the common one.
 */
export class GroupedOptimizer implements Optimizer {
  readonly kind = "grouped";

  /** @throws RangeError without a group, for a factor that is not above 0, and for an optimiser that takes no groups */
  constructor(private readonly groups: readonly OptimizerGroup[]) {
    if (groups.length === 0) throw new UserError("GroupedOptimizer: must have a group, got none");
    for (const { factor } of groups)
      if (!(factor > 0)) throw new UserError(`GroupedOptimizer: factor must be > 0, got ${factor}`);
    const alone = groups.find(({ optimizer }) => optimizer.stepWith);
    if (alone)
      throw new UserError(
        `${alone.optimizer.kind}: moves all parameters at once and takes no groups, rates by layer or optimiser of the loss, got ${groups.length} groups`,
      );
    this.learningRate = groups[0]!.optimizer.learningRate / groups[0]!.factor;
  }

  get updatesOnHost(): boolean {
    return this.groups.some(({ optimizer }) => optimizer.updatesOnHost);
  }

  get step(): number {
    return this.groups[0]!.optimizer.step;
  }

  get learningRate(): number {
    return this.groups[0]!.optimizer.learningRate / this.groups[0]!.factor;
  }

  set learningRate(rate: number) {
    for (const { optimizer, factor } of this.groups) optimizer.learningRate = rate * factor;
  }

  applyStep({ weights, tables }: Parameters, denseGradients: Record<string, tf.Tensor>): void {
    for (const group of this.groups) {
      if (group.rate) group.optimizer.learningRate = group.rate(group.optimizer.step);
      const own = <T>(all: Record<string, T>, kind: "weight" | "table") =>
        Object.fromEntries(Object.entries(all).filter(([name]) => this.groupOf(name, kind) === group));
      group.optimizer.applyStep(
        { weights: own(weights, "weight"), tables: own(tables, "table") },
        own(denseGradients, "weight"),
      );
    }
  }

  state(): Record<string, Float32Array> {
    return Object.assign({}, ...this.groups.map(({ optimizer }) => optimizer.state()));
  }

  restore(state: Record<string, Float32Array>, step: number): void {
    const parts = this.groups.map((): Record<string, Float32Array> => ({}));
    for (const [key, array] of Object.entries(state)) {
      const name = key.slice(0, key.lastIndexOf("."));
      // tables' state carries the table's name, weights' that of the weight; only one of them is accepted by a group
      const group = this.groups.findIndex((g) => g.accepts(name, "weight") || g.accepts(name, "table"));
      if (group >= 0) parts[group]![key] = array;
    }
    this.groups.forEach(({ optimizer }, i) => {
      optimizer.restore(parts[i]!, step);
    });
  }

  private groupOf(name: string, kind: "weight" | "table"): OptimizerGroup {
    const group = this.groups.find(({ accepts }) => accepts(name, kind));
    if (!group)
      throw new UserError(`GroupedOptimizer: every parameter must have a group, got ${kind} "${name}"`);
    return group;
  }
}
