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

/** A stack of linear layers with ReLU between them, initialised uniform ±1/√in for weight and bias alike. */
export class Mlp {
  readonly layers: Layer[] = [];

  /**
   * @param name   prefix of the parameters' names: `${name}.${layer}.weight` and `.bias`
   * @param random forked by parameter name, so parameters do not depend on each other's order
   * @throws RangeError if a width is not a positive integer, or the last width is not `output`
   */
  constructor(
    readonly name: string,
    plan: readonly MlpStep[],
    input: number,
    output: number,
    random: Random,
  ) {
    let width = input;
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
      fillUniform(weight, bound, random, `${prefix}.weight`);
      fillUniform(bias, bound, random, `${prefix}.bias`);
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
