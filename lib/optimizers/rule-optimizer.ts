import * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../engine/ops/gradients.js";
import { computesElsewhere, updateOnBackend } from "../engine/tables/backend-rows.js";
import type { EmbeddingTable } from "../engine/tables/embedding-table.js";
import type { RowMoments } from "../engine/tables/packed-moments.js";
import { DriftKeeper } from "../engine/tables/row-keeper.js";
import { FloatStorage } from "../engine/tables/row-storage.js";
import type { UpdateRule } from "../engine/tables/update-rule.js";
import { type WasmHeap, wasmHeap } from "../engine/wasm-heap.js";
import { UserError } from "../files/user-error.js";
import type { Optimizer } from "./optimizer.js";

/** Applies one {@link UpdateRule} to dense weights (all of them) and to tables (the rows that have gradients). */
export class RuleOptimizer implements Optimizer {
  readonly kind: string;
  step = 0;
  learningRate: number;
  private readonly dense = new Map<string, FloatStorage>(); // name → slots one after the other
  private readonly elsewhere = new Map<string, tf.Tensor[]>(); // name → slots in the backend's own memory
  private readonly tables = new Map<string, { table: EmbeddingTable; keeper: DriftKeeper | null }>();
  private restored: Record<string, Float32Array> = {};

  /** @throws RangeError unless learningRate > 0, and for bfloat16 with a rule that has not two state arrays */
  constructor(
    private readonly rule: UpdateRule,
    learningRate: number,
    private readonly rowMoments: RowMoments = "float32",
  ) {
    if (!(learningRate > 0 && Number.isFinite(learningRate)))
      throw new UserError(`${rule.kind}: learningRate must be > 0, got ${learningRate}`);
    if (rowMoments === "bfloat16" && rule.slots.length !== 2)
      throw new UserError(
        `${rule.kind}: rowMoments must be float32 where there are no moments, got bfloat16`,
      );
    this.kind = rule.kind;
    this.learningRate = learningRate;
    rule.drift?.reset(0);
  }

  applyStep(parameters: Parameters, denseGradients: Record<string, tf.Tensor>): void {
    for (const [name, table] of Object.entries(parameters.tables)) this.bind(name, table);
    const step = this.step + 1;
    this.rule.begin(step, this.learningRate);
    for (const [name, gradient] of Object.entries(denseGradients)) {
      const weight = parameters.weights[name];
      if (!weight || weight.size !== gradient.size)
        throw new UserError(
          `${this.kind}: a gradient must belong to a weight of its size, got "${name}" with ${gradient.size} entries`,
        );
      this.updateWeight(name, weight, gradient);
    }
    for (const { table, keeper } of this.tables.values()) this.updateRows(table, keeper, step);
    this.rule.drift?.record(step, this.learningRate);
    this.step = step;
  }

  state(): Record<string, Float32Array> {
    const out: Record<string, Float32Array> = {};
    for (const [name, array] of Object.entries(this.restored)) out[name] = array.slice();
    for (const [name, slots] of this.dense)
      this.rule.slots.forEach((slot, k) => {
        const size = slots.count / this.rule.slots.length;
        out[`${name}.${slot}`] = slots.floats.slice(k * size, (k + 1) * size);
      });
    for (const [name, slots] of this.elsewhere)
      this.rule.slots.forEach((slot, k) => {
        out[`${name}.${slot}`] = (slots[k]!.dataSync() as Float32Array).slice();
      });
    for (const [name, { table, keeper }] of this.tables) {
      keeper?.synchronise();
      this.rule.slots.forEach((slot, k) => {
        out[`${name}.${slot}`] = table.readState(k);
      });
    }
    return out;
  }

  restore(state: Record<string, Float32Array>, step: number): void {
    if (!Number.isInteger(step) || step < 0)
      throw new UserError(`${this.kind}: step must be an integer ≥ 0, got ${step}`);
    this.restored = { ...state };
    for (const slots of this.dense.values()) slots.release();
    this.dense.clear();
    for (const slots of this.elsewhere.values()) tf.dispose(slots);
    this.elsewhere.clear();
    for (const { table } of this.tables.values()) table.keeper = null;
    this.tables.clear();
    this.step = step;
    this.rule.drift?.reset(step);
  }

  private updateWeight(name: string, weight: tf.Variable, gradient: tf.Tensor): void {
    if (computesElsewhere()) {
      this.updateElsewhere(name, weight, gradient);
      return;
    }
    const state = this.stateOf(name, weight.size);
    const heap = wasmHeap();
    const at = weight.size % 4 === 0 ? state.addressIn(heap) : null;
    const moved =
      heap && at !== null
        ? this.heapUpdate(heap, weight, gradient, at)
        : this.update(weight, gradient, state);
    weight.assign(moved);
    moved.dispose();
  }

  private updateElsewhere(name: string, weight: tf.Variable, gradient: tf.Tensor): void {
    const before = this.elsewhere.get(name) ?? this.startElsewhere(name, weight);
    const after = tf.tidy(() => {
      const { values, state } = updateOnBackend(this.rule.factors(), weight, gradient, before);
      weight.assign(values);
      return state;
    });
    tf.dispose(before);
    this.elsewhere.set(
      name,
      after.map((tensor) => tf.keep(tensor)),
    );
  }

  private startElsewhere(name: string, { shape, size }: tf.Variable): tf.Tensor[] {
    return this.rule.slots.map((slot) => {
      const saved = this.takeRestored(`${name}.${slot}`, size);
      return tf.tidy(() => (saved ? tf.tensor(saved, shape) : tf.fill(shape, this.rule.initialState)));
    });
  }

  private stateOf(name: string, size: number): FloatStorage {
    let state = this.dense.get(name);
    if (state) return state;
    state = new FloatStorage(size * this.rule.slots.length);
    state.floats.fill(this.rule.initialState);
    this.rule.slots.forEach((slot, k) => {
      const saved = this.takeRestored(`${name}.${slot}`, size);
      if (saved) state!.floats.set(saved, k * size);
    });
    this.dense.set(name, state);
    return state;
  }

  private update(weight: tf.Variable, gradient: tf.Tensor, state: FloatStorage): tf.Tensor {
    const values = (weight.dataSync() as Float32Array).slice();
    this.rule.update(
      values,
      0,
      gradient.dataSync() as Float32Array,
      0,
      state.floats,
      0,
      weight.size,
      weight.size,
    );
    return tf.tensor(values, weight.shape);
  }

  private heapUpdate(heap: WasmHeap, weight: tf.Variable, gradient: tf.Tensor, state: number): tf.Tensor {
    const moved = heap.output(weight.shape);
    const [from, to] = [heap.address(weight) / 4, heap.address(moved)];
    heap.floats.copyWithin(to / 4, from, from + weight.size);
    const { rule, keep, first, second, rate, floor } = this.rule.factors();
    const size = weight.size;
    const slope = heap.address(gradient);
    heap.kernels.updateSpan(rule, to, slope, state, size * 4, size, keep, first, second, rate, floor);
    return moved;
  }

  private updateRows(table: EmbeddingTable, keeper: DriftKeeper | null, step: number): void {
    const rows = table.applyGradients(this.rule, step);
    keeper?.advance(rows, step);
  }

  private bind(name: string, table: EmbeddingTable): void {
    if (this.tables.get(name)?.table === table) return;
    const { slots, initialState, drift } = this.rule;
    table.keeper?.synchronise();
    table.keeper = null;
    table.reserveState(slots.length, this.rowMoments);
    const size = table.rows * table.dim;
    slots.forEach((slot, k) => {
      const saved = this.takeRestored(`${name}.${slot}`, size);
      if (saved) table.writeState(k, saved);
      else if (initialState !== 0) table.writeState(k, new Float32Array(size).fill(initialState));
    });
    const keeper = drift && !table.onBackend ? new DriftKeeper(table, drift, this.step) : null;
    table.keeper = keeper;
    this.tables.set(name, { table, keeper });
  }

  private takeRestored(key: string, size: number): Float32Array | null {
    const saved = this.restored[key];
    if (!saved) return null;
    if (saved.length !== size)
      throw new UserError(`${this.kind}: state "${key}" must have ${size} entries, got ${saved.length}`);
    delete this.restored[key];
    return saved;
  }
}
