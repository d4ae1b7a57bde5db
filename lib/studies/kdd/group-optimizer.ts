import * as tf from "@tensorflow/tfjs";
import { valueAndGradients } from "../../engine/ops/gradients.js";
import { emptyRecord, ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { createOptimizer } from "../../optimizers/create-optimizer.js";
import type { Optimizer } from "../../optimizers/optimizer.js";

/** Parameters that share a learning rate. */
export interface ParameterGroup {
  name: string;
  weights: Record<string, tf.Variable>;
  learningRate: number;
  /** λ: λ · weight is added to the gradient, as Adam's weight decay is in PyTorch */
  weightDecay: number;
}

/** Adam over groups with rates of their own. What is in no group is frozen: it is not even differentiated. */
export class GroupOptimizer {
  private readonly members: { group: ParameterGroup; optimizer: Optimizer }[];

  constructor(groups: readonly ParameterGroup[]) {
    this.members = groups.map((group) => ({
      group,
      optimizer: createOptimizer({ kind: "adam", learningRate: group.learningRate }),
    }));
  }

  /** Multiplies every group's base rate. */
  setRateFactor(factor: number): void {
    for (const { group, optimizer } of this.members) optimizer.learningRate = group.learningRate * factor;
  }

  /**
   * One step.
   *
   * @returns the loss before it
   * @throws RangeError if the loss is not finite; nothing has been updated then
   */
  step(compute: () => tf.Scalar): number {
    const weights = Object.assign({}, ...this.members.map(({ group }) => group.weights));
    const { value, gradients } = valueAndGradients(compute, { weights, tables: {} });
    const loss = value.dataSync()[0]!;
    value.dispose();
    if (!Number.isFinite(loss)) {
      tf.dispose(gradients);
      throw new UserError(`training: loss must stay finite, got ${loss}`);
    }
    tf.tidy(() => {
      for (const { group, optimizer } of this.members) {
        const own: Record<string, tf.Tensor> = emptyRecord();
        for (const [name, weight] of Object.entries(group.weights)) {
          const slope = ownEntry(gradients, name);
          if (slope === undefined) continue;
          own[name] = group.weightDecay > 0 ? tf.add(slope, tf.mul(weight, group.weightDecay)) : slope;
        }
        optimizer.applyStep({ weights: group.weights, tables: {} }, own);
      }
    });
    tf.dispose(gradients);
    return loss;
  }
}

/** The variables whose names begin with one of these prefixes. */
export function withPrefix(
  variables: Readonly<Record<string, tf.Variable>>,
  prefixes: readonly string[],
): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix))),
  );
}
