import * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../engine/ops/gradients.js";
import type { EmbeddingTable } from "../engine/tables/embedding-table.js";
import { UserError } from "../files/user-error.js";
import type { Optimizer } from "./optimizer.js";

/** A span of parameters that moves as a whole: a dense weight, or one row of a table. */
export interface Span {
  values: Float32Array;
  gradient: Float32Array;
  /** one array per slot of the rule, as long as values */
  state: readonly Float32Array[];
}

/** How a span moves in one update; see {@link SpanOptimizer}. */
export interface SpanRule {
  readonly kind: string;
  /** names of the state arrays */
  readonly slots: readonly string[];
  /** changes values and state in place; `step` counts from 1 */
  update(span: Span, step: number, learningRate: number): void;
}

/**
 * An optimiser for rules that need a whole span at once (layer-wise norms) or have no closed form for rows that a step
 * does not touch: such rows stay where they are. For users' own rules too.
 */
export class SpanOptimizer implements Optimizer {
  readonly kind: string;
  readonly updatesOnHost = true;
  step = 0;
  learningRate: number;
  private readonly slots = new Map<string, Float32Array[]>();
  private restored: Record<string, Float32Array> = {};

  /** @throws RangeError unless learningRate > 0 */
  constructor(
    private readonly rule: SpanRule,
    learningRate: number,
  ) {
    if (!(learningRate > 0 && Number.isFinite(learningRate)))
      throw new UserError(`${rule.kind}: learningRate must be > 0, got ${learningRate}`);
    this.kind = rule.kind;
    this.learningRate = learningRate;
  }

  applyStep(parameters: Parameters, denseGradients: Record<string, tf.Tensor>): void {
    const step = this.step + 1;
    for (const [name, gradient] of Object.entries(denseGradients)) {
      const weight = parameters.weights[name];
      if (!weight || weight.size !== gradient.size)
        throw new UserError(
          `${this.kind}: a gradient must belong to a weight of its size, got "${name}" with ${gradient.size} entries`,
        );
      const values = (weight.dataSync() as Float32Array).slice();
      const state = this.stateOf(name, weight.size);
      this.rule.update(
        { values, gradient: gradient.dataSync() as Float32Array, state },
        step,
        this.learningRate,
      );
      tf.tidy(() => weight.assign(tf.tensor(values, weight.shape)));
    }
    for (const [name, table] of Object.entries(parameters.tables)) this.updateRows(name, table, step);
    this.step = step;
  }

  state(): Record<string, Float32Array> {
    const out: Record<string, Float32Array> = {};
    for (const [name, array] of Object.entries(this.restored)) out[name] = array.slice();
    for (const [name, arrays] of this.slots)
      this.rule.slots.forEach((slot, k) => {
        out[`${name}.${slot}`] = arrays[k]!.slice();
      });
    return out;
  }

  restore(state: Record<string, Float32Array>, step: number): void {
    if (!Number.isInteger(step) || step < 0)
      throw new UserError(`${this.kind}: step must be an integer ≥ 0, got ${step}`);
    this.restored = { ...state };
    this.slots.clear();
    this.step = step;
  }

  private updateRows(name: string, table: EmbeddingTable, step: number): void {
    const { rows, values: gradients } = table.drainGradients();
    const { dim, stride } = table;
    const state = this.stateOf(name, table.rows * dim);
    const heap = table.values;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      this.rule.update(
        {
          values: heap.subarray(row * stride, row * stride + dim),
          gradient: gradients.subarray(i * dim, (i + 1) * dim),
          state: state.map((array) => array.subarray(row * dim, (row + 1) * dim)),
        },
        step,
        this.learningRate,
      );
    }
  }

  private stateOf(name: string, size: number): Float32Array[] {
    let arrays = this.slots.get(name);
    if (!arrays) {
      arrays = this.rule.slots.map(
        (slot) => this.takeRestored(`${name}.${slot}`, size) ?? new Float32Array(size),
      );
      this.slots.set(name, arrays);
    }
    return arrays;
  }

  private takeRestored(key: string, size: number): Float32Array | null {
    const saved = this.restored[key];
    if (!saved) return null;
    if (saved.length !== size)
      throw new UserError(`${this.kind}: state "${key}" must have ${size} entries, got ${saved.length}`);
    delete this.restored[key];
    return saved.slice();
  }
}
