import * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../../engine/ops/gradients.js";
import { emptyRecord, ownEntry } from "../../files/own-entry.js";
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

/** Adam over groups with rates of their own; its learning rate is the factor of all of them, 1 to begin with. */
export class GroupOptimizer implements Optimizer {
  readonly kind = "parameter_groups";
  private factor = 1;
  private readonly members: { group: ParameterGroup; optimizer: Optimizer }[];

  constructor(groups: readonly ParameterGroup[]) {
    this.members = groups.map((group) => ({
      group,
      optimizer: createOptimizer({ kind: "adam", learningRate: group.learningRate }),
    }));
  }

  get step(): number {
    return this.members[0]!.optimizer.step;
  }

  get learningRate(): number {
    return this.factor;
  }

  set learningRate(factor: number) {
    this.factor = factor;
    for (const { group, optimizer } of this.members) optimizer.learningRate = group.learningRate * factor;
  }

  applyStep(_all: Parameters, gradients: Record<string, tf.Tensor>): void {
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
  }

  state(): Record<string, Float32Array> {
    return Object.assign(emptyRecord(), ...this.members.map(({ optimizer }) => optimizer.state()));
  }

  restore(state: Record<string, Float32Array>, step: number): void {
    for (const { group, optimizer } of this.members)
      optimizer.restore(
        Object.fromEntries(
          Object.entries(state).filter(([key]) =>
            Object.hasOwn(group.weights, key.slice(0, key.lastIndexOf("."))),
          ),
        ),
        step,
      );
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
