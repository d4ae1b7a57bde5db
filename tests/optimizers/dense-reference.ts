import type * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../lib/encoders/encoder.js";
import type { RowGradients } from "../../lib/engine/tables/row-pooling.js";
import type { OptimizerSpec } from "../../lib/optimizers/optimizer.js";

interface Entry {
  values: Float64Array;
  first: Float64Array;
  second: Float64Array;
  dim: number | null;
}

/** The optimisers as their papers write them, over every parameter at every step, in float64. */
export class DenseReference {
  learningRate: number;
  private step = 0;
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly spec: OptimizerSpec,
    encoder: Encoder,
  ) {
    this.learningRate = spec.learningRate;
    const add = (name: string, values: Float64Array, dim: number | null) =>
      this.entries.set(name, {
        values,
        first: new Float64Array(values.length),
        second: new Float64Array(values.length),
        dim,
      });
    for (const [name, weight] of Object.entries(encoder.weights))
      add(name, Float64Array.from(weight.dataSync()), null);
    for (const [name, table] of Object.entries(encoder.tables))
      add(name, Float64Array.from(table.weights), table.dim);
  }

  values(name: string): Float64Array {
    return this.entries.get(name)!.values;
  }

  apply(dense: Record<string, tf.Tensor>, sparse: Record<string, RowGradients>): void {
    this.step++;
    for (const [name, entry] of this.entries) {
      const gradient = new Float64Array(entry.values.length);
      let moves = (_: number) => true;
      if (entry.dim === null) {
        if (!dense[name]) continue;
        gradient.set(dense[name]!.dataSync());
      } else {
        const { rows, values } = sparse[name]!;
        const dim = entry.dim;
        rows.forEach((row, i) => {
          gradient.set(values.subarray(i * dim, (i + 1) * dim), row * dim);
        });
        const touched = new Set(rows);
        if (this.spec.kind === "lazy_adam") moves = (i) => touched.has(Math.floor(i / dim));
      }
      for (let i = 0; i < gradient.length; i++) if (moves(i)) this.move(entry, i, gradient[i]!);
    }
  }

  private move(entry: Entry, i: number, g: number): void {
    const { spec, learningRate: lr } = this;
    const t = this.step;
    const { values, first, second } = entry;
    if (spec.kind === "sgd") values[i]! -= lr * g;
    else if (spec.kind === "adagrad") {
      second[i]! += g * g;
      values[i]! -= (lr * g) / (Math.sqrt(second[i]!) + 1e-10);
    } else {
      if (spec.kind === "adamw") values[i]! *= 1 - lr * (spec["weightDecay"] as number);
      first[i] = 0.9 * first[i]! + 0.1 * g;
      second[i] = 0.999 * second[i]! + 0.001 * g * g;
      const m = first[i]! / (1 - 0.9 ** t);
      const v = second[i]! / (1 - 0.999 ** t);
      values[i]! -= (lr * m) / (Math.sqrt(v) + 1e-8);
    }
  }
}
