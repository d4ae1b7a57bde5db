import { UserError } from "../../files/user-error.js";
import { RowQueue } from "./row-queue.js";

/** Shape and element type of one field of a cached document. */
export interface FieldSpec {
  shape: readonly number[];
  dtype: "int32" | "float32";
}

export type FieldValues = Float32Array | Int32Array;

/** Rows for some or all fields, [n, …row shape] each, flat. */
export type FieldRows = Record<string, ArrayLike<number>>;

/** What one update does: refreshes first, then insertions, then every age + 1. */
export interface CacheUpdate {
  newItems?: FieldRows;
  /** [n] true = insert; all if left out */
  newItemsMask?: ArrayLike<boolean | number>;
  /** some of the fields */
  refresh?: FieldRows;
  /** [m] rows that the refresh values belong to */
  refreshIndices?: ArrayLike<number>;
  /** [m] true = write; indices of masked entries are ignored, whatever they are */
  refreshMask?: ArrayLike<boolean | number>;
}

/**
 * A fixed number of documents: their features and last known embeddings, with an age per row. Eviction is by age, least
 * recently used or first in first out.
 *
 * Differs from the published one: it is changed in place (copying 64 MB a step would cost more than the step), and it
 * knows which rows were ever written.
 *
 * @see specs/1-negative-cache.md sections 2 and 3; Lindgren et al., NeurIPS 2021
 */
export class NegativeCache {
  readonly data: Record<string, FieldValues> = {};
  /** 1 for rows that hold a document, 0 for rows never written */
  readonly written: Uint8Array;
  readonly useLru: boolean;
  /** age of row r = clock − born[r]: ageing is one addition */
  private readonly born: Int32Array;
  /** all rows by falling age, ties to the lowest row */
  private readonly queue: RowQueue;
  private clock = 0;

  /**
   * @param specs  fields by name
   * @param size   rows
   * @param options.useLru true (default): a refresh makes a row young again
   * @throws RangeError unless size is a positive integer and shapes are of positive integers
   */
  constructor(
    readonly specs: Readonly<Record<string, FieldSpec>>,
    readonly size: number,
    options: { useLru?: boolean } = {},
  ) {
    if (!Number.isInteger(size) || size < 1)
      throw new UserError(`NegativeCache: size must be a positive integer, got ${size}`);
    this.useLru = options.useLru ?? true;
    for (const [name, { shape, dtype }] of Object.entries(specs)) {
      if (shape.some((length) => !Number.isInteger(length) || length < 1))
        throw new UserError(`NegativeCache: shape of ${name} must be positive integers, got [${shape}]`);
      const length = size * this.width(name);
      this.data[name] = dtype === "int32" ? new Int32Array(length) : new Float32Array(length);
    }
    this.written = new Uint8Array(size);
    this.born = new Int32Array(size);
    this.queue = new RowQueue(size);
  }

  /** Numbers in one row of a field. */
  width(field: string): number {
    return this.specs[field]!.shape.reduce((product, length) => product * length, 1);
  }

  /** Moves the values of a field into memory of the caller's, e.g. a kernel's; they live there from now on. */
  move(field: string, into: FieldValues): void {
    into.set(this.data[field]!);
    this.data[field] = into;
  }

  /** Updates since each row was written or (LRU) refreshed, a copy. */
  ages(): Int32Array {
    return this.born.map((born) => this.clock - born);
  }

  /** The rows `rows` of a field, as a copy. */
  take(field: string, rows: ArrayLike<number>): FieldValues {
    const [source, width] = [this.data[field]!, this.width(field)];
    const out =
      source instanceof Int32Array
        ? new Int32Array(rows.length * width)
        : new Float32Array(rows.length * width);
    for (let i = 0; i < rows.length; i++)
      out.set(source.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
    return out;
  }

  /**
   * Applies one update.
   *
   * @returns the rows that were written: by refreshes, then by insertions
   * @throws RangeError if new items have other fields than the cache, refreshes a field that it lacks, an unmasked index
   *   lies outside, or there are more new items than rows; nothing is changed then
   */
  update(update: CacheUpdate): Int32Array {
    const inserted = this.unmaskedNew(update);
    const refreshed = this.unmaskedRefreshes(update);
    const changed: number[] = [];
    const young = new Set<number>();
    for (const [entry, row] of refreshed) {
      for (const [field, values] of Object.entries(update.refresh!)) this.write(field, row, values, entry);
      if (this.useLru) young.add(row);
      changed.push(row);
    }
    this.makeYoung(young);
    const slots = this.queue.first(inserted.length);
    inserted.forEach((item, j) => {
      const row = slots[j]!;
      for (const [field, values] of Object.entries(update.newItems!)) this.write(field, row, values, item);
      young.add(row);
      this.written[row] = 1;
      changed.push(row);
    });
    this.makeYoung(young);
    this.clock++;
    return Int32Array.from(changed);
  }

  /** Copies of everything, by name, for checkpoints. */
  state(): Record<string, FieldValues> {
    const out: Record<string, FieldValues> = { ages: this.ages(), written: Int32Array.from(this.written) };
    for (const [field, values] of Object.entries(this.data)) out[`data.${field}`] = values.slice();
    return out;
  }

  /** Continues from {@link state}. */
  restore(state: Record<string, FieldValues>): void {
    for (const [field, values] of Object.entries(this.data)) {
      const saved = state[`data.${field}`];
      if (saved?.length !== values.length)
        throw new UserError(
          `NegativeCache.restore: data.${field} must have ${values.length} entries, got ${saved?.length ?? "none"}`,
        );
      values.set(saved);
    }
    this.clock = 0;
    this.born.set(state["ages"]!.map((age) => -age));
    this.written.set(state["written"]!);
    const { born } = this;
    this.queue.toEnd(Array.from(born.keys()).sort((a, b) => born[a]! - born[b]! || a - b));
  }

  /** Gives rows age −1, to be 0 when the update ends. */
  private makeYoung(rows: ReadonlySet<number>): void {
    for (const row of rows) this.born[row] = this.clock + 1;
    this.queue.toEnd([...rows].sort((a, b) => a - b));
  }

  private write(field: string, row: number, values: ArrayLike<number>, from: number): void {
    const [target, width] = [this.data[field]!, this.width(field)];
    for (let i = 0; i < width; i++) target[row * width + i] = values[from * width + i]!;
  }

  private unmaskedNew({ newItems, newItemsMask }: CacheUpdate): number[] {
    if (!newItems) return [];
    this.checkKeys("new items must have exactly", newItems, true);
    const count = this.countOf(newItems);
    const chosen = indicesWhere(count, newItemsMask);
    if (chosen.length > this.size)
      throw new UserError(
        `NegativeCache.update: new items must not exceed the cache (${this.size} rows), got ${chosen.length}`,
      );
    return chosen;
  }

  private unmaskedRefreshes({ refresh, refreshIndices, refreshMask }: CacheUpdate): [number, number][] {
    if (!refreshIndices) return [];
    if (refresh) this.checkKeys("a refresh may have only", refresh, false);
    const chosen = indicesWhere(refreshIndices.length, refreshMask).map((entry): [number, number] => [
      entry,
      refreshIndices[entry]!,
    ]);
    for (const [, row] of chosen)
      if (!(row >= 0 && row < this.size))
        throw new UserError(`NegativeCache.update: refresh indices must be in [0, ${this.size}), got ${row}`);
    return refresh ? chosen : [];
  }

  private checkKeys(rule: string, rows: FieldRows, all: boolean): void {
    const [known, given] = [Object.keys(this.specs).sort(), Object.keys(rows).sort()];
    if (given.some((key) => !known.includes(key)) || (all && given.length !== known.length))
      throw new UserError(
        `NegativeCache.update: ${rule} the fields ${known.join(", ")}, got ${given.join(", ")}`,
      );
    const counts = given.map((key) => rows[key]!.length / this.width(key));
    if (counts.some((count) => count !== counts[0] || !Number.isInteger(count)))
      throw new UserError(
        `NegativeCache.update: all fields must have as many rows, got ${given.map((key, i) => `${key}: ${counts[i]}`).join(", ")}`,
      );
  }

  private countOf(rows: FieldRows): number {
    const [field, values] = Object.entries(rows)[0]!;
    return values.length / this.width(field);
  }
}

function indicesWhere(count: number, mask: ArrayLike<boolean | number> | undefined): number[] {
  const chosen: number[] = [];
  for (let i = 0; i < count; i++) if (!mask || mask[i]) chosen.push(i);
  return chosen;
}
