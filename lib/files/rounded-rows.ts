/**
 * Rows of numbers in fewer bits. Nothing here needs Node: a page in a browser and a run on disk round by these same
 * lines, so both hold the same numbers.
 */

/** How rows are stored: as trained, in whole steps of 8 to 4 bits with one scale a row, or as signs with one scale a row. */
export const ROW_STORAGES = ["float32", "int8", "int6", "int5", "int4", "binary"] as const;

export type RowStorage = (typeof ROW_STORAGES)[number];

/** A storage that rounds. */
export type RoundedStorage = Exclude<RowStorage, "float32">;

/** Bits a value takes, its row's scale (a float32) aside. */
export const ROW_BITS: Readonly<Record<RowStorage, number>> = {
  float32: 32,
  int8: 8,
  int6: 6,
  int5: 5,
  int4: 4,
  binary: 1,
};

export interface RoundedRows {
  /** [rows, dim] whole steps in [−(2^(b−1) − 1), 2^(b−1) − 1] for b bits; −1 or 1 for binary */
  steps: Int8Array;
  /** [rows] what a step of the row is worth; 0 for a row of zeros */
  scales: Float32Array;
}

/** Bytes of one packed row: its steps, filled up to a whole byte, and its scale. */
export function rowBytes(storage: RowStorage, dim: number): number {
  return Math.ceil((dim * ROW_BITS[storage]) / 8) + (storage === "float32" ? 0 : 4);
}

/**
 * Rounds one row in place of `to`. In b bits x becomes round(x / s), s = max |x| / (2^(b−1) − 1), so no value moves by more
 * than s/2 and the largest stays; binary keeps sign(x), 0 counting as positive, with s = mean |x|, the scale of
 * least squared error for signs. A row of zeros stays zero.
 *
 * @param values finite; `dim` of them from `from` on
 * @param to     steps, `dim` of them from `at` on
 * @returns the scale, before its rounding to float32
 * @see Rastegari et al. 2016, arXiv:1603.05279, section 3.1, for the scale of signs
 */
export function roundRow(
  storage: RoundedStorage,
  values: ArrayLike<number>,
  from: number,
  dim: number,
  to: Int8Array,
  at: number,
): number {
  let largest = 0;
  let sum = 0;
  for (let i = from; i < from + dim; i++) {
    const size = Math.abs(values[i]!);
    if (size > largest) largest = size;
    sum += size;
  }
  if (storage === "binary") {
    for (let i = 0; i < dim; i++) to[at + i] = values[from + i]! < 0 ? -1 : 1;
    return sum / dim;
  }
  if (largest === 0) {
    to.fill(0, at, at + dim);
    return 0;
  }
  const most = mostSteps(storage);
  for (let i = 0; i < dim; i++) to[at + i] = Math.round((values[from + i]! * most) / largest);
  return largest / most;
}

/** {@link roundRow} for a whole matrix [rows, dim]. */
export function roundRows(storage: RoundedStorage, values: ArrayLike<number>, dim: number): RoundedRows {
  const rows = values.length / dim;
  const steps = new Int8Array(rows * dim);
  const scales = new Float32Array(rows);
  for (let r = 0; r < rows; r++) scales[r] = roundRow(storage, values, r * dim, dim, steps, r * dim);
  return { steps, scales };
}

/** The numbers that rounded rows stand for, step · scale in float32, [rows, dim]. */
export function floatRows(steps: ArrayLike<number>, scales: ArrayLike<number>, dim: number): Float32Array {
  const values = new Float32Array(steps.length);
  for (let r = 0, i = 0; r < scales.length; r++)
    for (let d = 0; d < dim; d++, i++) values[i] = steps[i]! * scales[r]!;
  return values;
}

/** A matrix [rows, dim] as it is after storing and reading. */
export function storedRows(storage: RowStorage, values: Float32Array, dim: number): Float32Array {
  if (storage === "float32") return values;
  const { steps, scales } = roundRows(storage, values, dim);
  return floatRows(steps, scales, dim);
}

/**
 * Steps of whole rows as bits, lowest bit of the lowest byte first, every row filled up to a whole byte. A step is
 * written as step + (2^(b−1) − 1); binary as 1 for positive.
 *
 * @returns [rows, ⌈dim · b / 8⌉] bytes
 */
export function packRows(storage: RoundedStorage, steps: Int8Array, dim: number): Uint8Array {
  const bits = ROW_BITS[storage];
  const stride = Math.ceil((dim * bits) / 8);
  const most = mostSteps(storage);
  const packed = new Uint8Array((steps.length / dim) * stride);
  for (let i = 0, row = 0; i < steps.length; row += stride) {
    for (let d = 0; d < dim; d++, i++) {
      const code = storage === "binary" ? Number(steps[i]! > 0) : steps[i]! + most;
      const byte = row + ((d * bits) >> 3);
      const shifted = code << ((d * bits) & 7);
      packed[byte]! |= shifted & 255;
      if (shifted > 255) packed[byte + 1]! |= shifted >> 8;
    }
  }
  return packed;
}

/** What {@link packRows} packed. @param packed bytes [rows, ⌈dim · b / 8⌉] */
export function unpackRows(storage: RoundedStorage, packed: ArrayLike<number>, dim: number): Int8Array {
  const bits = ROW_BITS[storage];
  const stride = Math.ceil((dim * bits) / 8);
  const rows = packed.length / stride;
  const steps = new Int8Array(rows * dim);
  const mask = (1 << bits) - 1;
  const most = mostSteps(storage);
  for (let r = 0, i = 0; r < rows; r++)
    for (let d = 0; d < dim; d++, i++) {
      const byte = r * stride + ((d * bits) >> 3);
      const both = packed[byte]! | ((packed[byte + 1] ?? 0) << 8);
      const code = (both >> ((d * bits) & 7)) & mask;
      steps[i] = storage === "binary" ? 2 * code - 1 : code - most;
    }
  return steps;
}

function mostSteps(storage: RoundedStorage): number {
  return 2 ** (ROW_BITS[storage] - 1) - 1;
}
