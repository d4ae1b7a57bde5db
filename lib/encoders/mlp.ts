import * as tf from "@tensorflow/tfjs";
import { allocateFloats } from "../engine/allocate.js";
import { linear } from "../engine/ops/linear.js";
import { fillUniform } from "../engine/random/fill-random.js";
import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";

export type MlpStep = ["linear", number, number] | ["relu"];

/**
 * The steps of MLP(input, hidden, output, lastLinear): Linear + ReLU for each hidden width, then Linear to `output`
 * if `lastLinear`. Without hidden layers and without last linear there are none: the input is the embedding.
 *
 * @see specs/0-qdrl.md section 7
 */
export function mlpPlan(
  input: number,
  hidden: readonly number[],
  output: number,
  lastLinear: boolean,
): MlpStep[] {
  const steps: MlpStep[] = [];
  let width = input;
  for (const next of hidden) {
    steps.push(["linear", width, next], ["relu"]);
    width = next;
  }
  if (lastLinear) steps.push(["linear", width, output]);
  return steps;
}

/** One layer of an {@link Mlp}: weight [in, out], bias [out]. */
export interface Layer {
  weight: tf.Variable<tf.Rank.R2>;
  bias: tf.Variable<tf.Rank.R1>;
  relu: boolean;
}

/** How the layers of two towers start, see {@link Mlp}. */
export type LayerStart = "apart" | "same" | "identity";

/** A stack of linear layers with ReLU between them. */
export class Mlp {
  readonly layers: Layer[] = [];

  /**
   * @param name   prefix of the parameters' names: `${name}.${layer}.weight` and `.bias`
   * @param random forked by parameter name, so parameters do not depend on each other's order
   * @param start  apart: weight and bias uniform in ±1/√in; same: likewise, drawn for every tower alike, so that towers of
   *   the same widths start equal; identity: a tenth of such a weight around the identity, biases zero, so that a layer passes its
   *   input on (all of it where a ReLU layer is twice as wide as its input: both signs, which the next layer joins)
   * @throws RangeError if a width is not a positive integer, or the last width is not `output`
   */
  constructor(
    readonly name: string,
    plan: readonly MlpStep[],
    input: number,
    output: number,
    random: Random,
    start: LayerStart = "apart",
  ) {
    let width = input;
    let split = 0; // leading inputs that a ReLU layer before passed on in both signs
    plan.forEach((step, i) => {
      if (step[0] === "relu") return;
      const [, rows, columns] = step;
      for (const size of [rows, columns])
        if (!Number.isInteger(size) || size < 1)
          throw new UserError(`Mlp: widths must be positive integers, got ${size}`);
      const bound = 1 / Math.sqrt(rows);
      const prefix = `${name}.${this.layers.length}`;
      const weight = allocateFloats(rows * columns, `${prefix} [${rows}, ${columns}]`);
      const bias = new Float32Array(columns);
      const label = start === "same" ? `towers.${this.layers.length}` : prefix;
      fillUniform(weight, start === "identity" ? bound / 10 : bound, random, `${label}.weight`);
      if (start === "identity")
        split = addIdentity(weight, rows, columns, split, plan[i + 1]?.[0] === "relu");
      else fillUniform(bias, bound, random, `${label}.bias`);
      this.layers.push({
        weight: tf.tidy(() => tf.variable(tf.tensor2d(weight, [rows, columns]))),
        bias: tf.tidy(() => tf.variable(tf.tensor1d(bias))),
        relu: plan[i + 1]?.[0] === "relu",
      });
      width = columns;
    });
    if (width !== output)
      throw new UserError(
        `Mlp: outputDim must equal the width of the last layer of "${name}" (${width}) without a last linear layer, got ${output}`,
      );
  }

  /** [B, input] → [B, output] */
  apply(input: tf.Tensor2D): tf.Tensor2D {
    let x = input;
    for (const { weight, bias, relu } of this.layers) x = linear(x, weight, bias, relu);
    return x;
  }

  /** Parameters by name. */
  weights(): Record<string, tf.Variable> {
    const weights: Record<string, tf.Variable> = {};
    this.layers.forEach(({ weight, bias }, i) => {
      weights[`${this.name}.${i}.weight`] = weight;
      weights[`${this.name}.${i}.bias`] = bias;
    });
    return weights;
  }
}

/**
 * Adds the identity to a weight [rows, columns]: of as many inputs as there are outputs. Inputs that come in both signs
 * (`split` of each) are joined; a ReLU layer at least twice as wide passes both signs on.
 *
 * @returns how many outputs leave in both signs
 */
function addIdentity(weight: Float32Array, rows: number, columns: number, split: number, relu: boolean) {
  const inputs = split > 0 ? split : rows;
  const both = relu && columns >= 2 * inputs;
  for (let i = 0; i < Math.min(inputs, columns); i++)
    for (const [from, sign] of [[i, 1] as const, ...(split > 0 ? [[split + i, -1] as const] : [])]) {
      weight[from * columns + i]! += sign;
      if (both) weight[from * columns + inputs + i]! -= sign;
    }
  return both ? inputs : 0;
}
