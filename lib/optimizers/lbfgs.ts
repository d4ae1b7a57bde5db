import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { Parameters } from "../engine/ops/gradients.js";
import { UserError } from "../files/user-error.js";
import type { Optimizer } from "./optimizer.js";
import { optimizerPart } from "./optimizer-part.js";

export interface LbfgsOptions {
  maxIterations: number;
  maxEvaluations: number | null;
  toleranceGradient: number;
  toleranceChange: number;
  historySize: number;
}

/** Loss and gradients of a batch at the present parameters: of dense weights by name, of tables in the tables; null: none. */
export type Evaluation = () => { loss: number; gradients: Record<string, tf.Tensor> } | null;

/** One parameter's place in the vector of all. */
interface Place {
  name: string;
  from: number;
  to: number;
}

/**
 * L-BFGS as in PyTorch, without line search: a step evaluates its batch up to `maxIterations` times, each time moving all
 * parameters at once along −H g with the learning rate (the first time ever by min(1, 1/‖g‖₁) of it), H being the inverse
 * Hessian that the last `historySize` differences of gradients suggest. It ends early where the gradient, the movement or
 * the loss hardly changes.
 *
 * Tables are whole vectors here, so a step costs what they hold. Dropout draws anew at each evaluation. A miner that finds
 * nothing ends the step, and so does a loss that is not finite.
 *
 * @see Liu & Nocedal 1989, doi:10.1007/BF01589116
 */
export class Lbfgs implements Optimizer {
  readonly kind = "lbfgs";
  readonly updatesOnHost = true;
  step = 0;
  private places: Place[] | null = null;
  private iterations = 0;
  private direction: Float32Array | null = null;
  private length = 0;
  private scale = 1;
  private previous: Float32Array | null = null;
  private changes: Float32Array[] = [];
  private moves: Float32Array[] = [];

  /** @throws RangeError unless learningRate > 0 */
  constructor(
    private readonly options: LbfgsOptions,
    public learningRate: number,
  ) {
    if (!(learningRate > 0 && Number.isFinite(learningRate)))
      throw new UserError(`lbfgs: learningRate must be > 0, got ${learningRate}`);
  }

  /** @throws RangeError always: a gradient is not enough */
  applyStep(): void {
    throw new UserError(
      "lbfgs: must be able to evaluate a batch again, got one gradient; it moves all parameters by itself, alone and without groups",
    );
  }

  /**
   * One step over one batch.
   *
   * @param first  the batch's evaluation at the present parameters
   */
  stepWith(parameters: Parameters, first: NonNullable<ReturnType<Evaluation>>, evaluate: Evaluation): void {
    const { maxIterations, toleranceGradient, toleranceChange } = this.options;
    const most = this.options.maxEvaluations ?? Math.floor((maxIterations * 5) / 4);
    let gradient = this.flat(parameters, first.gradients);
    let { loss } = first;
    for (let [iteration, evaluations] = [1, 1]; ; iteration++) {
      if (largest(gradient) <= toleranceGradient) break;
      const direction = this.directionOf(gradient);
      const slope = dot(gradient, direction);
      this.length =
        this.iterations === 1
          ? Math.min(1, 1 / sumOfMagnitudes(gradient)) * this.learningRate
          : this.learningRate;
      if (slope > -toleranceChange) break;
      this.move(parameters, direction, this.length);
      if (iteration === maxIterations) break;
      const before = loss;
      const next = evaluate();
      evaluations++;
      if (next === null) break;
      if (!Number.isFinite(next.loss)) {
        this.move(parameters, direction, -this.length);
        tf.dispose(next.gradients);
        for (const table of Object.values(parameters.tables)) table.clearGradients();
        break;
      }
      gradient = this.flat(parameters, next.gradients);
      tf.dispose(next.gradients);
      loss = next.loss;
      if (evaluations >= most || largest(gradient) <= toleranceGradient) break;
      if (largest(direction) * this.length <= toleranceChange) break;
      if (Math.abs(loss - before) < toleranceChange) break;
    }
    this.step++;
  }

  state(): Record<string, Float32Array> {
    if (!this.direction || !this.previous) return {};
    const out: Record<string, Float32Array> = {
      "lbfgs.numbers": Float32Array.of(this.iterations, this.length, this.scale),
      "lbfgs.direction": this.direction.slice(),
      "lbfgs.gradient": this.previous.slice(),
    };
    this.changes.forEach((change, k) => {
      out[`lbfgs.change_${k}`] = change.slice();
      out[`lbfgs.move_${k}`] = this.moves[k]!.slice();
    });
    return out;
  }

  restore(state: Record<string, Float32Array>, step: number): void {
    const [iterations = 0, length = 0, scale = 1] = state["lbfgs.numbers"] ?? [];
    [this.iterations, this.length, this.scale, this.step] = [iterations, length, scale, step];
    this.direction = state["lbfgs.direction"]?.slice() ?? null;
    this.previous = state["lbfgs.gradient"]?.slice() ?? null;
    const all = (name: string) => {
      const found: Float32Array[] = [];
      for (let k = 0; state[`lbfgs.${name}_${k}`]; k++) found.push(state[`lbfgs.${name}_${k}`]!.slice());
      return found;
    };
    this.changes = all("change");
    this.moves = all("move");
  }

  /** −H g by the two-loop recursion; takes the change since the last gradient in first. */
  private directionOf(gradient: Float32Array): Float32Array {
    this.iterations++;
    if (this.direction && this.previous) {
      const last = this.direction;
      const change = gradient.map((g, i) => g - this.previous![i]!);
      const moved = last.map((d) => d * this.length);
      const curvature = dot(change, moved);
      if (curvature > 1e-10) {
        this.changes.push(change);
        this.moves.push(moved);
        if (this.changes.length > this.options.historySize) {
          this.changes.shift();
          this.moves.shift();
        }
        this.scale = Math.fround(curvature / dot(change, change));
      }
    }
    const shares = new Float64Array(this.changes.length);
    const weights = this.changes.map((change, k) => 1 / dot(change, this.moves[k]!));
    const out = gradient.map((g) => -g);
    for (let k = this.changes.length - 1; k >= 0; k--) {
      shares[k] = dot(this.moves[k]!, out) * weights[k]!;
      add(out, this.changes[k]!, -shares[k]!);
    }
    for (let i = 0; i < out.length; i++) out[i]! *= this.scale;
    this.changes.forEach((change, k) => {
      add(out, this.moves[k]!, shares[k]! - dot(change, out) * weights[k]!);
    });
    this.previous = gradient.slice();
    this.direction = out;
    return out;
  }

  /** All gradients as one vector; weights and tables without one have 0. */
  private flat(parameters: Parameters, gradients: Record<string, tf.Tensor>): Float32Array {
    this.places ??= placesOf(parameters);
    const out = new Float32Array(this.places.at(-1)?.to ?? 0);
    for (const { name, from } of this.places) {
      const table = parameters.tables[name];
      if (!table) {
        const slope = gradients[name];
        if (slope) out.set(slope.dataSync() as Float32Array, from);
        continue;
      }
      const { rows, values } = table.drainGradients();
      rows.forEach((row, i) => {
        out.set(values.subarray(i * table.dim, (i + 1) * table.dim), from + row * table.dim);
      });
    }
    return out;
  }

  private move(parameters: Parameters, direction: Float32Array, length: number): void {
    for (const { name, from, to } of this.places!) {
      const part = direction.subarray(from, to);
      const table = parameters.tables[name];
      if (table) {
        for (let row = 0; row < table.rows; row++)
          for (let k = 0; k < table.dim; k++)
            table.values[row * table.stride + k]! += length * part[row * table.dim + k]!;
        continue;
      }
      const weight = parameters.weights[name]!;
      const values = (weight.dataSync() as Float32Array).slice();
      add(values, part, length);
      tf.tidy(() => weight.assign(tf.tensor(values, weight.shape)));
    }
  }
}

function placesOf({ weights, tables }: Parameters): Place[] {
  const sizes = [
    ...Object.entries(weights).map(([name, weight]) => [name, weight.size] as const),
    ...Object.entries(tables).map(([name, table]) => [name, table.rows * table.dim] as const),
  ];
  let from = 0;
  return sizes.map(([name, size]) => {
    const place = { name, from, to: from + size };
    from += size;
    return place;
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function add(to: Float32Array, from: Float32Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * from[i]!;
}

function largest(x: Float32Array): number {
  return x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function sumOfMagnitudes(x: Float32Array): number {
  return x.reduce((sum, value) => sum + Math.abs(value), 0);
}

export const lbfgsPart = optimizerPart({
  kind: "lbfgs",
  published: ["LBFGS"],
  publishedOptions: {
    ...{ max_iter: "max_iterations", max_eval: "max_evaluations", history_size: "history_size" },
    ...{ tolerance_grad: "tolerance_gradient", tolerance_change: "tolerance_change" },
  },
  summary: "quasi-Newton over each batch, evaluated several times a step; its learning rate is usually 1",
  settings: {
    max_iterations: z.int().min(1).default(20).describe("movements in a step"),
    max_evaluations: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe("of the batch in a step; null = 1¼ times max_iterations"),
    tolerance_gradient: z.number().min(0).default(1e-7).describe("largest gradient at which a step ends"),
    tolerance_change: z
      .number()
      .min(0)
      .default(1e-9)
      .describe("change of loss or parameters at which it ends"),
    history_size: z.int().min(1).default(100).describe("differences of gradients that are kept"),
  },
  make: (options, learningRate) => new Lbfgs(options, learningRate),
});
