import type { Kernels } from "../engine/kernels/kernels.js";
import type { WasmMemory } from "../engine/kernels/web-assembly.js";
import { DistinctWords } from "../engine/tables/distinct-words.js";
import { UserError } from "../files/user-error.js";
import type { FusedLayout, TableLayout, WorkLayout } from "./fused-layout.js";
import type { FusedPlan } from "./fused-plan.js";
import { MemoryArray } from "./memory-array.js";

/** Everything a run must carry over, under the names that the tfjs path uses. */
export interface FusedState {
  /** dense weights, e.g. "query.0.weight" [in, out] */
  weights: Record<string, Float32Array>;
  /** "text", "category" [rows, dim] */
  tables: Record<string, Float32Array>;
  /** e.g. "query.0.weight.m", "text.v" */
  optimizer: Record<string, Float32Array>;
  step: number;
}

/** The arrays of a {@link FusedState} where they are. */
export type FusedArrays = Record<"weights" | "tables" | "optimizer", Record<string, MemoryArray>>;

/** The table of fixed weights, as encoders name it. */
const tokenWeightsName = "token_weights";

/** Moves data between JavaScript and the memory that the kernels work on; checks what comes in. */
export class FusedMemory {
  private readonly ints: Int32Array;
  private readonly work: WorkLayout;
  /** where bags are lists of words */
  private readonly words: DistinctWords | null;

  constructor(
    private readonly plan: FusedPlan,
    private readonly layout: FusedLayout,
    private readonly memory: WasmMemory,
    private readonly kernels: Kernels,
  ) {
    const { work } = layout;
    this.work = work;
    for (const table of layout.tables)
      new Int32Array(memory.buffer, table.currentThrough, table.rows).fill(-1);
    if (plan.optimizer.initialAccumulator)
      for (const array of Object.values(this.arrays().optimizer))
        array.fill(plan.optimizer.initialAccumulator);
    this.ints = new Int32Array(memory.buffer);
    this.words =
      plan.words && work.words
        ? new DistinctWords(work.words, work.words.most, plan.words, kernels, () => this.ints)
        : null;
  }

  floats(at: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, count);
  }

  /** Forgets the words of the batch before; the next bag has number `firstBag`. */
  beginWords(firstBag: number): void {
    if (!this.words) return;
    this.words.begin(firstBag);
    this.ints[this.work.words!.ofFirst / 4] = 0;
  }

  /** To be called once all bags are there. */
  finishWords(): void {
    this.words?.invert();
  }

  /** Queries come before documents. @throws RangeError for ids outside the table or of another length than planned */
  setIds(
    side: 0 | 1,
    column: { ids: Int32Array; length?: number },
    from: number,
    size: number,
    name: string,
  ): void {
    const length = side === 0 ? this.plan.queryLength : this.plan.documentLength;
    if (column.length !== length || !(Number.isInteger(size) && column.ids.length >= (from + size) * length))
      throw new UserError(
        `FusedTrainer: feature "${name}" must have ${length} ids per row, got length ${column.length} and ${column.ids.length} ids for ${from + size} rows`,
      );
    const ids = column.ids.subarray(from * length, (from + size) * length);
    const { plan, work, words } = this;
    const at = side === 0 ? work.queryIds : work.documentIds;
    this.copyIds(ids, at, plan.texts[0]!.rows, name);
    if (!words) return;
    if (side === 1 && plan.texts.length === 2) words.close();
    words.add(at, length, size);
    if (side === 0 || plan.texts.length === 1) this.ints[work.words!.ofFirst / 4] = words.count;
  }

  setCategories(column: { ids: Int32Array }, from: number, size: number, name: string): void {
    if (column.ids.length < from + size)
      throw new UserError(
        `FusedTrainer: feature "${name}" must have an id per row, got ${column.ids.length}`,
      );
    const ids = column.ids.subarray(from, from + size);
    this.copyIds(ids, this.work.categories, this.plan.category!.rows, name);
  }

  /**
   * Names cells (row, document), flattened, that are no negatives in the batch of `size` pairs at hand.
   *
   * @throws RangeError for cells outside the batch, or where the plan has no masks
   */
  setMask(cells: Int32Array, size: number): void {
    if (this.plan.masks) this.setBits(this.work.mask, cells, size);
    else if (cells.length > 0)
      throw new UserError(`FusedTrainer: a model planned without masks got ${cells.length / 2} masked cells`);
  }

  /** Names cells (query, query), flattened, that are the same query, for contrastive alignment. Throws as {@link setMask}. */
  setSameQueries(cells: Int32Array, size: number): void {
    if (this.plan.teaching?.contrastive) this.setBits(this.work.sameQueries, cells, size);
    else if (cells.length > 0)
      throw new UserError(
        `FusedTrainer: a model planned without contrastive alignment got ${cells.length / 2} cells of equal queries`,
      );
  }

  private setBits(mask: number, cells: Int32Array, size: number): void {
    const { maskWords } = this.work;
    const bits = new Int32Array(this.memory.buffer, mask, size * maskWords).fill(0);
    for (let at = 0; at < cells.length; at += 2) {
      const [i, j] = [cells[at]!, cells[at + 1]!];
      if (!(i >= 0 && i < size && j >= 0 && j < size))
        throw new UserError(`FusedTrainer: masked cells must lie in the batch of ${size}, got (${i}, ${j})`);
      if (i !== j) bits[i * maskWords + (j >> 5)]! |= 1 << (j & 31);
    }
  }

  /** Copies of everything. */
  read(): Omit<FusedState, "step"> {
    const { weights, tables, optimizer } = this.arrays();
    const all = (group: Record<string, MemoryArray>) =>
      Object.fromEntries(Object.entries(group).map(([name, array]) => [name, array.read()]));
    return { weights: all(weights), tables: all(tables), optimizer: all(optimizer) };
  }

  /** @throws RangeError listing what is missing, unknown or of another size; nothing is written then */
  write(state: FusedState): void {
    const arrays = this.arrays();
    const misfits: string[] = [];
    for (const group of ["weights", "tables", "optimizer"] as const) {
      for (const [name, array] of Object.entries(arrays[group])) {
        const length = state[group][name]?.length;
        if (length === undefined ? group !== "optimizer" : length !== array.length)
          misfits.push(`${name} must have ${array.length} entries, got ${length ?? "none"}`);
      }
      for (const name of Object.keys(state[group]))
        if (!Object.hasOwn(arrays[group], name)) misfits.push(`${name} is unknown`);
    }
    if (misfits.length > 0) throw new UserError(`FusedTrainer.importState: ${misfits.join("; ")}`);
    for (const group of ["weights", "tables", "optimizer"] as const)
      for (const [name, array] of Object.entries(arrays[group])) {
        const values = state[group][name];
        if (values) array.write(values);
        else array.fill(this.plan.optimizer.initialAccumulator ?? 0);
      }
    for (const table of this.layout.tables) this.markRowsWithState(table, state.step);
  }

  /** Fills weights, biases (with the fan-in of their layer) and table rows (null) in place; text row 0 stays zero, weights of tokens are 1. */
  initialise(fill: (values: Float32Array, fanIn: number | null) => void): void {
    for (const { inputs, weight, size } of this.layout.towers.flat()) fill(this.floats(weight, size), inputs);
    for (const [name, table] of Object.entries(this.arrays().tables))
      table.eachGroup((row, i) => {
        if (name === tokenWeightsName) row.fill(1);
        else if (i > 0 || name === "category" || this.plan.countPadding) fill(row, null);
      });
  }

  /** Every array by name, in place. */
  arrays(): FusedArrays {
    const { plan, layout, memory } = this;
    const arrays: FusedArrays = { weights: {}, tables: {}, optimizer: {} };
    const whole = (at: number, width: number) => new MemoryArray(memory, at, width, width * 4, 1);
    plan.towers.forEach((tower, t) => {
      tower.forEach(({ name, inputs, outputs }, i) => {
        const { weight, bias, state, size } = layout.towers[t]![i]!;
        const product = inputs * outputs;
        arrays.weights[`${name}.weight`] = whole(weight, product);
        arrays.weights[`${name}.bias`] = whole(bias, outputs);
        plan.slots.forEach((slot, k) => {
          arrays.optimizer[`${name}.weight.${slot}`] = whole(state + k * size * 4, product);
          arrays.optimizer[`${name}.bias.${slot}`] = whole(state + (k * size + product) * 4, outputs);
        });
      });
    });
    for (const { name, base, dim, stride, rows } of layout.tables) {
      arrays.tables[name] = new MemoryArray(memory, base, dim, stride, rows);
      plan.slots.forEach((slot, k) => {
        const [at, half] = plan.packed ? [base + dim * 4, k as 0 | 1] : [base + (k + 1) * dim * 4, null];
        arrays.optimizer[`${name}.${slot}`] = new MemoryArray(memory, at, dim, stride, rows, half);
      });
    }
    if (plan.weighted) arrays.tables[tokenWeightsName] = whole(layout.tokenWeights, plan.texts[0]!.rows);
    return arrays;
  }

  private markRowsWithState({ rows, dim, stride, base, currentThrough }: TableLayout, step: number): void {
    const through = new Int32Array(this.memory.buffer, currentThrough, rows).fill(-1);
    const all = new Float32Array(this.memory.buffer);
    if (step === 0) return;
    const always = this.plan.optimizer.kind === "adamw";
    for (let row = 0; row < rows; row++) {
      const at = (base + row * stride) / 4;
      let active = always;
      for (let i = at + dim; !active && i < at + stride / 4; i++) active = all[i] !== 0;
      if (active) through[row] = step;
    }
  }

  private copyIds(ids: Int32Array, at: number, rows: number, name: string): void {
    this.ints.set(ids, at / 4);
    if (this.kernels.largestId(at, ids.length) >>> 0 < rows) return;
    const wrong = ids.findIndex((id) => id < 0 || id >= rows);
    throw new UserError(
      `FusedTrainer: ids of feature "${name}" must be in [0, ${rows}), got ${ids[wrong]} at ${wrong}`,
    );
  }
}
