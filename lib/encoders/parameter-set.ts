import * as tf from "@tensorflow/tfjs";
import { allocateFloats } from "../engine/allocate.js";
import { linear } from "../engine/ops/linear.js";
import { fillNormal, fillUniform } from "../engine/random/fill-random.js";
import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";

/** Makes and collects the dense parameters of a part of an encoder, named `${prefix}.${name}`. */
export class ParameterSet {
  readonly variables: Record<string, tf.Variable> = {};

  /** @param random forked by full name, so that parameters do not depend on each other's order */
  constructor(
    private readonly prefix: string,
    private readonly random: Random,
  ) {}

  /** Uniform in ±1/√fanIn: how the linear layers of the towers start. */
  uniform<R extends tf.Rank>(name: string, shape: number[], fanIn: number): tf.Variable<R> {
    const values = allocateFloats(sizeOf(shape), `${this.prefix}.${name} [${shape.join(", ")}]`);
    fillUniform(values, 1 / Math.sqrt(fanIn), this.random, `${this.prefix}.${name}`);
    return this.keep(name, values, shape);
  }

  /** N(0, deviation²). */
  normal<R extends tf.Rank>(name: string, shape: number[], deviation: number): tf.Variable<R> {
    const values = allocateFloats(sizeOf(shape), `${this.prefix}.${name} [${shape.join(", ")}]`);
    fillNormal(values, this.random, `${this.prefix}.${name}`);
    for (let i = 0; i < values.length; i++) values[i] = values[i]! * deviation;
    return this.keep(name, values, shape);
  }

  constant<R extends tf.Rank>(name: string, shape: number[], value: number): tf.Variable<R> {
    return this.keep(name, new Float32Array(sizeOf(shape)).fill(value), shape);
  }

  /** weight [input, output] and bias [output], both uniform in ±1/√input */
  linear(name: string, input: number, output: number): LinearParameters {
    return {
      weight: this.uniform<tf.Rank.R2>(`${name}.weight`, [input, output], input),
      bias: this.uniform<tf.Rank.R1>(`${name}.bias`, [output], input),
    };
  }

  /** A prefix of its own inside this set. */
  within(name: string): ParameterSet {
    const child = new ParameterSet(`${this.prefix}.${name}`, this.random);
    Object.defineProperty(child, "variables", { value: this.variables });
    return child;
  }

  private keep<R extends tf.Rank>(name: string, values: Float32Array, shape: number[]): tf.Variable<R> {
    const full = `${this.prefix}.${name}`;
    if (this.variables[full]) throw new UserError(`ParameterSet: names must be unique, got "${full}" twice`);
    const variable = tf.tidy(() => tf.variable(tf.tensor(values, shape)));
    this.variables[full] = variable;
    return variable as tf.Variable<R>;
  }
}

export interface LinearParameters {
  weight: tf.Variable<tf.Rank.R2>;
  bias: tf.Variable<tf.Rank.R1>;
}

/**
 * x · weight + bias for x of any rank whose last axis is the input, then max(0, ·) if `relu`.
 */
export function applyLinear(x: tf.Tensor, { weight, bias }: LinearParameters, relu = false): tf.Tensor {
  const [input, output] = weight.shape;
  const flat = tf.reshape(x, [x.size / input, input]) as tf.Tensor2D;
  return tf.reshape(linear(flat, weight, bias, relu), [...x.shape.slice(0, -1), output]);
}

function sizeOf(shape: readonly number[]): number {
  for (const size of shape)
    if (!Number.isInteger(size) || size < 1)
      throw new UserError(`ParameterSet: sizes must be positive integers, got [${shape.join(", ")}]`);
  return shape.reduce((a, b) => a * b, 1);
}
