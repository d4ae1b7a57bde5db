import { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";

export interface PairedTest {
  /** mean(a) − mean(b) */
  difference: number;
  /** two-sided */
  p: number;
}

/** Up to this many non-zero differences every sign assignment is visited and p is exact. */
const EXACT_LIMIT = 16;

/**
 * Paired randomisation (sign-flip) test of equal means: under the null the sign of each per-query difference is a coin
 * flip. p = share of sign assignments whose |sum| reaches the observed one; exact for up to 16 non-zero differences,
 * else (1 + hits)/(1 + resamples) over random assignments, which keeps the test valid at any number of resamples.
 *
 * Assumes that the differences are symmetric about 0 under the null. No differences at all give p = 1.
 *
 * @param a  one value per query
 * @param b  the other system's values, same queries in the same order
 * @throws RangeError if lengths differ, are 0, or a value is not finite
 * @see Smucker, Allan & Carterette 2007, doi:10.1145/1321440.1321528
 */
export function pairedRandomizationTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: { seed?: number; resamples?: number } = {},
): PairedTest {
  const { seed = 1, resamples = 10_000 } = options;
  const differences = pairedDifferences("pairedRandomizationTest", a, b);
  if (!Number.isInteger(resamples) || resamples < 1)
    throw new UserError(`pairedRandomizationTest: resamples must be a positive integer, got ${resamples}`);
  const total = differences.reduce((s, d) => s + d, 0);
  const moved = differences.filter((d) => d !== 0);
  const p = moved.length <= EXACT_LIMIT ? exact(moved) : sampled(moved, resamples, new Random(seed));
  return { difference: total / differences.length, p };
}

/** What rounding may make of equal values, such as a mean over three equal seeds, relative to them. */
export const ROUNDING = 1e-12;

/** a − b, checked; 0 where they differ by no more than rounding does, so that noise of one sign is no finding. */
export function pairedDifferences(where: string, a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  if (a.length !== b.length)
    throw new UserError(`${where}: a and b must have equal lengths, got ${a.length} and ${b.length}`);
  if (a.length === 0) throw new UserError(`${where}: a and b must not be empty, got 0 values`);
  const differences = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) {
    differences[i] = a[i]! - b[i]!;
    if (!Number.isFinite(differences[i]))
      throw new UserError(`${where}: values must be finite, got ${a[i]} and ${b[i]} at ${i}`);
    if (Math.abs(differences[i]!) <= ROUNDING * Math.max(Math.abs(a[i]!), Math.abs(b[i]!)))
      differences[i] = 0;
  }
  return differences;
}

/** The |sum| to reach, less what rounding may take from an assignment that equals the observed one. */
function threshold(d: Float64Array): { total: number; bar: number } {
  let total = 0;
  let size = 0;
  for (const x of d) {
    total += x;
    size += Math.abs(x);
  }
  return { total, bar: Math.abs(total) - 1e-12 * size };
}

function exact(d: Float64Array): number {
  const { total, bar } = threshold(d);
  let sum = total;
  let hits = 0;
  const count = 2 ** d.length;
  const sign = new Int8Array(d.length).fill(1);
  for (let step = 1; step <= count; step++) {
    if (Math.abs(sum) >= bar) hits++;
    const bit = 31 - Math.clz32(step & -step); // Gray code: the next assignment differs in one sign
    if (bit < d.length) {
      sign[bit] = -sign[bit]!;
      sum += 2 * sign[bit]! * d[bit]!;
    }
  }
  return hits / count;
}

function sampled(d: Float64Array, resamples: number, random: Random): number {
  const { total, bar } = threshold(d);
  const n = d.length;
  let hits = 1;
  for (let r = 0; r < resamples; r++) {
    let flipped = 0;
    for (let start = 0; start < n; start += 32) {
      let bits = random.uint32();
      const end = Math.min(n, start + 32);
      for (let i = start; i < end; i++) {
        flipped += (bits & 1) * d[i]!;
        bits >>>= 1;
      }
    }
    if (Math.abs(total - 2 * flipped) >= bar) hits++;
  }
  return hits / (resamples + 1);
}
