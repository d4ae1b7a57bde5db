import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";
import { tracing } from "../jit/tracing.js";
import { fillNormal } from "../random/fill-random.js";
import type { Random } from "../random/random.js";
import { type WasmHeap, wasmHeap } from "../wasm-heap.js";
import { BackendRows, computesElsewhere } from "./backend-rows.js";
import { bagWords } from "./bag-words.js";
import type { WordCuts } from "./distinct-words.js";
import { type HeapGradient, type HeapRows, heapPool, heapPoolWords, heapUpdateRows } from "./heap-table.js";
import { type RowMoments, readMoments, roundingSeed, UnpackedRow, writeMoments } from "./packed-moments.js";
import { poolRows, type RowGradients, sumRowGradients } from "./row-pooling.js";
import { FloatStorage } from "./row-storage.js";
import type { UpdateRule } from "./update-rule.js";

/** Keeps rows current for an optimiser whose rule moves rows that a batch does not touch (exact dense Adam). */
export interface RowKeeper {
  /** bring these rows (repeats and zeros allowed) to the present step */
  touch(ids: Int32Array): void;
  /** bring every row to the present step */
  synchronise(): void;
}

export interface EmbeddingTableOptions {
  rows: number;
  dim: number;
  /** N(0, std²) values come from a fork of it labelled `name`; without it the table starts at zero */
  random?: Random;
  /** standard deviation of the starting values (default 1) */
  std?: number;
  name?: string;
  /** row 0 starts at zero and never moves through `bag` (default true) */
  paddingRow?: boolean;
}

/**
 * A table of embeddings [rows, dim] that lives outside tfjs's tape, so that the cost of a step does not depend on
 * `rows`. `bag` and `lookup` are ordinary differentiable ops for every tfjs encoder; their gradients are recorded
 * here, and an optimiser drains them as touched rows.
 *
 * The values stand in one array, row after row: `stride` floats each, of which the first `dim` are the weights and
 * the rest an optimiser's state for that row (see {@link reserveState}).
 */
export class EmbeddingTable {
  readonly rows: number;
  readonly dim: number;
  readonly name: string;
  /** scalar that ties the table's ops to the tape: differentiate with respect to it and the gradients are recorded */
  readonly anchor: tf.Variable;
  keeper: RowKeeper | null = null;
  private storage: FloatStorage;
  private slots = 0;
  private precision: RowMoments = "float32";
  private pending: HeapGradient[] = [];
  /** where the rows are while a backend with a memory of its own trains them; `storage` is behind then */
  private elsewhere: BackendRows | null = null;

  /** @throws RangeError if rows or dim is not a positive integer, or the table does not fit in memory */
  constructor(options: EmbeddingTableOptions) {
    this.rows = options.rows;
    this.dim = options.dim;
    this.name = options.name ?? "table";
    for (const key of ["rows", "dim"] as const)
      if (!Number.isInteger(this[key]) || this[key] < 1)
        throw new UserError(`EmbeddingTable: ${key} must be a positive integer, got ${this[key]}`);
    this.storage = allocate(this.rows, this.dim);
    if (options.random) {
      fillNormal(this.values, options.random, this.name);
      const { std = 1 } = options;
      if (std !== 1) for (let i = 0; i < this.values.length; i++) this.values[i]! *= std;
      if (options.paddingRow ?? true) this.values.fill(0, 0, this.dim);
    }
    this.anchor = tf.tidy(() => tf.variable(tf.scalar(0), true));
  }

  /** Whether two arrays of state share a word per parameter, as {@link UnpackedRow} has them. */
  get packed(): boolean {
    return this.precision === "bfloat16";
  }

  /** Floats from one row to the next in {@link values}. */
  get stride(): number {
    return this.dim * (1 + (this.packed ? 1 : this.slots));
  }

  /** The live array: row r is values[r·stride … r·stride + dim), then its optimiser state. */
  get values(): Float32Array {
    this.fetch();
    return this.storage.floats;
  }

  /** Whether an optimiser moves the rows by {@link UpdateRule.factors} on the backend, all at once, without a keeper. */
  get onBackend(): boolean {
    return !this.packed && this.keeper === null && computesElsewhere();
  }

  /** The bits of {@link values}, as int32. */
  get ints(): Int32Array {
    const { buffer, byteOffset, length } = this.values;
    return new Int32Array(buffer, byteOffset, length);
  }

  /** Where the rows lie in tfjs's heap, if they do and the kernels can work on them; else null. */
  heapRows(heap: WasmHeap | null): HeapRows | null {
    const at = this.dim % 4 === 0 ? this.storage.addressIn(heap) : null;
    const { dim, rows, packed } = this;
    return at === null ? null : { at, stride: this.stride * 4, dim, rows, packed };
  }

  /** A copy of the weights [rows, dim], all rows current. Write with {@link setWeights}. */
  get weights(): Float32Array {
    this.keeper?.synchronise();
    return this.read(0);
  }

  /** @throws RangeError unless `values` has rows · dim entries */
  setWeights(values: ArrayLike<number>): void {
    this.write(0, values, "setWeights");
  }

  /** Sets the rows whose entry of `kept` is 0 to zero. @throws RangeError unless there is an entry per row */
  clearRows(kept: Uint8Array): void {
    if (kept.length !== this.rows)
      throw new UserError(
        `EmbeddingTable.clearRows: kept must have ${this.rows} entries, got ${kept.length}`,
      );
    this.keeper?.synchronise();
    for (let row = 0; row < this.rows; row++)
      if (kept[row] === 0) this.values.fill(0, row * this.stride, row * this.stride + this.dim);
  }

  /** Sets all weights from consecutive pieces. @throws RangeError unless `pieces` are whole rows, as many as there are */
  setWeightsFrom(pieces: Iterable<Float32Array>): void {
    const { dim, rows, stride } = this;
    let row = 0;
    for (const piece of pieces) {
      const count = piece.length / dim;
      if (!Number.isInteger(count) || row + count > rows)
        throw new UserError(
          `EmbeddingTable.setWeightsFrom: pieces must be whole rows of ${dim}, ${rows} in all, got ${piece.length} numbers after ${row} rows`,
        );
      for (let i = 0; i < count; i++, row++)
        this.values.set(piece.subarray(i * dim, (i + 1) * dim), row * stride);
    }
    if (row !== rows)
      throw new UserError(`EmbeddingTable.setWeightsFrom: pieces must have ${rows} rows, got ${row}`);
  }

  /**
   * Makes room for `slots` arrays of optimiser state per row, zeros at first; drops those there were before.
   *
   * @throws RangeError for another number than two of bfloat16
   */
  reserveState(slots: number, precision: RowMoments = "float32"): void {
    if (precision === "bfloat16" && slots !== 2)
      throw new UserError(`EmbeddingTable: bfloat16 state must be two arrays, got ${slots}`);
    const weights = this.read(0);
    this.storage.release(); // before the larger one comes
    this.slots = slots;
    this.precision = precision;
    this.storage = allocate(this.rows, this.stride);
    this.write(0, weights, "reserveState");
  }

  /** A copy of optimiser state `slot` (from 0), [rows, dim]. */
  readState(slot: number): Float32Array {
    if (!this.packed) return this.read(1 + slot);
    const { ints, dim, stride } = this;
    const out = new Float32Array(this.rows * dim);
    for (let r = 0; r < this.rows; r++) readMoments(ints, r * stride + dim, dim, slot, out, r * dim);
    return out;
  }

  /** The opposite; numbers that bfloat16 lacks are rounded to the nearest one. Throws as {@link setWeights}. */
  writeState(slot: number, values: ArrayLike<number>): void {
    if (!this.packed) {
      this.write(1 + slot, values, "writeState");
      return;
    }
    this.checkCount(values, "writeState");
    const { ints, dim, stride } = this;
    for (let r = 0; r < this.rows; r++) writeMoments(ints, r * stride + dim, dim, slot, values, r * dim);
  }

  /**
   * Mean of the rows of the non-zero ids of each bag, repeats counted; the zero vector for an empty bag.
   *
   * @param ids     [size, length], 0 = padding
   * @param options countPadding: divide by `length` and treat id 0 as an ordinary row (the original's LinearEncoder);
   *   words: word boundaries of the ids, so that each distinct word's rows are summed once (in tfjs's heap; with countPadding
   *   not). The mean is the same but for rounding
   * @returns [size, dim], differentiable with respect to the table
   * @throws RangeError if ids has another length than size · length, or an id is outside [0, rows)
   */
  bag(
    ids: Int32Array,
    size: number,
    length: number,
    options?: { countPadding?: boolean; words?: WordCuts },
  ): tf.Tensor2D {
    if (ids.length !== size * length)
      throw new UserError(
        `EmbeddingTable.bag: ids must have size · length = ${size} · ${length} entries, got ${ids.length}`,
      );
    return this.pool(ids, size, length, options?.countPadding ?? false, "bag", options?.words);
  }

  /** Row ids[i] for each i, [ids.length, dim], differentiable; id 0 is a row like any other. Throws as {@link bag}. */
  lookup(ids: Int32Array): tf.Tensor2D {
    return this.pool(ids, ids.length, 1, true, "lookup");
  }

  /** The gradients recorded since the last call, summed per row: unique ascending rows, values [n, dim]. */
  drainGradients(): RowGradients {
    const parts = this.pending.map((part) => ({
      ...part,
      gradient: part.gradient.dataSync() as Float32Array,
    }));
    const gradients = sumRowGradients(parts, this.rows, this.dim);
    this.clearGradients();
    return gradients;
  }

  /**
   * Drains the gradients and moves their rows, and no others, by `rule`, whose update `step` has begun. Rows must be current
   * (`bag` and `lookup` see to it).
   *
   * @returns the rows moved, each once; none where all are moved on the backend
   */
  applyGradients(rule: UpdateRule, step: number): Int32Array {
    if (this.onBackend) {
      this.rowsElsewhere().update(this.pending, rule.factors(), rule.drift === null && rule.slots.length > 1);
      this.clearGradients();
      return new Int32Array(0);
    }
    const heap = wasmHeap();
    const place = this.pending.length > 0 ? this.heapRows(heap) : null;
    if (heap && place) {
      const rows = heapUpdateRows(heap, place, this.pending, rule.factors(), step);
      this.clearGradients();
      return rows;
    }
    const { rows, values } = this.drainGradients();
    this.keeper?.touch(rows);
    const { values: heapValues, stride, dim } = this;
    if (this.packed) {
      const ints = this.ints;
      const seed = roundingSeed(step, "update");
      const row = new UnpackedRow(dim);
      for (let i = 0; i < rows.length; i++) {
        row.load(ints, rows[i]! * stride);
        rule.update(row.values, 0, values, i * dim, row.values, dim, dim, dim);
        row.store(ints, rows[i]! * stride, rows[i]!, seed);
      }
      return rows;
    }
    for (let i = 0; i < rows.length; i++) {
      const at = rows[i]! * stride;
      rule.update(heapValues, at, values, i * dim, heapValues, at + dim, dim, dim);
    }
    return rows;
  }

  /** Forgets recorded gradients, e.g. of a step that failed. */
  clearGradients(): void {
    for (const part of this.pending) part.gradient.dispose();
    this.pending = [];
  }

  /** Frees the anchor, the gradients and the array. */
  dispose(): void {
    this.clearGradients();
    this.anchor.dispose();
    this.elsewhere?.dispose();
    this.elsewhere = null;
    this.storage.release();
  }

  private rowsElsewhere(): BackendRows {
    const { rows, dim, stride } = this;
    this.elsewhere ??= new BackendRows(this.storage.floats, rows, dim, stride);
    return this.elsewhere;
  }

  /** Brings the array up to date: whoever reads or writes it works on the host until the next step. */
  private fetch(): void {
    const { elsewhere } = this;
    if (!elsewhere) return;
    this.elsewhere = null;
    elsewhere.download(this.storage.floats);
    elsewhere.dispose();
  }

  private pool(
    ids: Int32Array,
    size: number,
    length: number,
    countZero: boolean,
    caller: string,
    cuts?: WordCuts,
  ): tf.Tensor2D {
    for (let i = 0; i < ids.length; i++)
      if (ids[i]! < 0 || ids[i]! >= this.rows)
        throw new UserError(
          `EmbeddingTable.${caller}: ids must be in [0, ${this.rows}) in table "${this.name}", got ${ids[i]} at ${i}`,
        );
    const graph = tracing();
    if (graph) {
      let words: HeapGradient["words"] = null;
      const rows = graph.outside(() => {
        const pooled = this.pooled(ids, size, length, countZero, cuts);
        words = pooled.words;
        return pooled.value;
      });
      const take = (gradient: tf.Tensor) =>
        void this.pending.push({ ids, size, length, countZero, words, gradient });
      return graph.boundary(rows, this.anchor, take) as tf.Tensor2D;
    }
    const op = tf.customGrad((_anchor) => {
      const { value, words } = this.pooled(ids, size, length, countZero, cuts);
      return {
        value,
        gradFunc: (dy: tf.Tensor) => {
          this.pending.push({ ids, size, length, countZero, words, gradient: tf.keep(tf.clone(dy)) });
          return tf.scalar(0);
        },
      };
    });
    return op(this.anchor) as tf.Tensor2D;
  }

  /** The rows' means, off the tape. */
  private pooled(
    ids: Int32Array,
    size: number,
    length: number,
    countZero: boolean,
    cuts?: WordCuts,
  ): { value: tf.Tensor2D; words: HeapGradient["words"] } {
    this.keeper?.touch(ids);
    const heap = wasmHeap();
    const place = this.heapRows(heap);
    const { dim } = this;
    const words = heap && place && cuts && !countZero ? bagWords(heap, ids, size, length, cuts) : null;
    const bags = { ids, size, length, countZero };
    const value = this.onBackend
      ? this.rowsElsewhere().pool(bags)
      : heap && place
        ? words
          ? heapPoolWords(heap, place, words, size)
          : heapPool(heap, place, ids, size, length, countZero)
        : tf.tensor2d(poolRows(this.values, this.stride, dim, ids, size, length, countZero), [size, dim]);
    return { value, words };
  }

  private read(slot: number): Float32Array {
    const { values: storage, dim, stride } = this;
    if (stride === dim) return storage.slice();
    const out = new Float32Array(this.rows * dim);
    for (let r = 0, from = slot * dim; r < this.rows; r++, from += stride)
      out.set(storage.subarray(from, from + dim), r * dim);
    return out;
  }

  private write(slot: number, values: ArrayLike<number>, caller: string): void {
    this.checkCount(values, caller);
    const { values: storage, dim, stride } = this;
    for (let r = 0, from = 0, to = slot * dim; r < this.rows; r++, to += stride)
      for (let d = 0; d < dim; d++) storage[to + d] = values[from++]!;
  }

  private checkCount({ length }: ArrayLike<number>, caller: string): void {
    if (length !== this.rows * this.dim)
      throw new UserError(
        `EmbeddingTable.${caller}: values must have rows · dim = ${this.rows * this.dim} entries, got ${length}`,
      );
  }
}

function allocate(rows: number, stride: number): FloatStorage {
  try {
    return new FloatStorage(rows * stride);
  } catch {
    const gigabytes = ((rows * stride * 4) / 1e9).toFixed(1);
    throw new UserError(
      `EmbeddingTable: the table must fit in memory, got ${rows} rows × ${stride} floats (${gigabytes} GB)`,
    );
  }
}
