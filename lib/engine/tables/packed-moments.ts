/** How an optimiser keeps the moments of table rows. */
export type RowMoments = "float32" | "bfloat16";

/**
 * Adam's two moments of a parameter in one 32-bit word: bfloat16 (float32's upper half: its range, 8 bits of precision)
 * of the first above, of the second below. A row with its moments takes 8 bytes per parameter instead of 12.
 *
 * Rounding is stochastic: up with the probability of the distance from the value below, so that it is right on average.
 * Rounded to nearest, second moments could not fall any more: β₂ = .999 takes .1 % off them a step, and bfloat16's
 * neighbours lie .4 to .8 % apart. The noise is a hash of step, row and column, as in the kernels: it needs no state, and
 * neither threads nor the order of rows nor a resumed run change it. float16 would not do: squares of gradients below
 * 2e-4 are under its smallest number.
 */
export class UnpackedRow {
  /** parameters, first moments, second moments, `dim` each */
  readonly values: Float32Array;
  private readonly bits: Int32Array;

  constructor(private readonly dim: number) {
    this.values = new Float32Array(3 * dim);
    this.bits = new Int32Array(this.values.buffer);
  }

  /** Takes in the row whose parameters stand at `at` of `table` (float32 bits), its packed moments behind them. */
  load(table: Int32Array, at: number): void {
    const bits = this.bits;
    const dim = this.dim;
    for (let i = 0; i < dim; i++) {
      const word = table[at + dim + i]!;
      bits[i] = table[at + i]!;
      bits[dim + i] = word & ~0xffff;
      bits[2 * dim + i] = word << 16;
    }
  }

  /** Puts the row back, moments rounded by the noise of `seed` (see {@link roundingSeed}) and the row's number. */
  store(table: Int32Array, at: number, row: number, seed: number): void {
    const bits = this.bits;
    const dim = this.dim;
    const start = mix(row + seed);
    for (let i = 0; i < dim; i++) {
      const noise = mix(start + i);
      const upper = (bits[dim + i]! + (noise >>> 16)) & ~0xffff;
      const lower = (bits[2 * dim + i]! + (noise & 0xffff)) >>> 16;
      table[at + i] = bits[i]!;
      table[at + dim + i] = upper | lower;
    }
  }
}

/** Seed of the rounding in update `step`, or in catching rows up to it. */
export function roundingSeed(step: number, use: "update" | "catchUp"): number {
  return mix(2 * step + (use === "update" ? 0 : 1));
}

const float = new Float32Array(1);
const floatBits = new Int32Array(float.buffer);

/** Writes moment `slot` (0 or 1) of `count` packed pairs from `at` on to `out` from `to` on. */
export function readMoments(
  ints: Int32Array,
  at: number,
  count: number,
  slot: number,
  out: Float32Array,
  to: number,
): void {
  for (let i = 0; i < count; i++) out[to + i] = momentOf(ints[at + i]!, slot);
}

/** The opposite; numbers that bfloat16 lacks become the nearest one, ties to even. */
export function writeMoments(
  ints: Int32Array,
  at: number,
  count: number,
  slot: number,
  values: ArrayLike<number>,
  from: number,
): void {
  for (let i = 0; i < count; i++) ints[at + i] = withMoment(ints[at + i]!, slot, values[from + i]!);
}

/** Moment `slot` (0 or 1) of a word. */
export function momentOf(word: number, slot: number): number {
  floatBits[0] = slot === 0 ? word & ~0xffff : word << 16;
  return float[0]!;
}

/** The word with `moment` in `slot`, rounded to nearest, ties to even: exact for what {@link momentOf} gave. */
export function withMoment(word: number, slot: number, moment: number): number {
  float[0] = moment;
  const bits = floatBits[0]!;
  const upper = Number.isNaN(moment) ? 0x7fc0 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  return slot === 0 ? (upper << 16) | (word & 0xffff) : (word & ~0xffff) | upper;
}

/** 32 random bits for a counter: lowbias32 of Wellons' hash-prospector, as in kernels/noise.as. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
