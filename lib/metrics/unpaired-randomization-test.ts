import { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";
import { meanAndVariance } from "./sample.js";

/**
 * Randomisation test of equal means of two independent groups: values are dealt anew to groups of the same sizes, and
 * the statistic is Welch's t, so that groups of unequal sizes are safe and unequal variances matter less and less as they grow (at 6 against 30
 * values, the smaller group twice as spread, a 5 % test rejects 8 %; at 20 against 60 it rejects 5 to 6 %). p = (1 + deals whose |t|
 * reaches the observed one) / (1 + resamples).
 *
 * @throws RangeError if a group has fewer than 2 values or a value is not finite
 * @see Janssen 1997, doi:10.1016/S0167-7152(97)00043-6
 */
export function unpairedRandomizationTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: { seed?: number; resamples?: number } = {},
): { difference: number; p: number } {
  const { seed = 1, resamples = 10_000 } = options;
  for (const [name, group] of Object.entries({ a, b }))
    if (group.length < 2)
      throw new UserError(
        `unpairedRandomizationTest: ${name} must have at least 2 values, got ${group.length}`,
      );
  if (!Number.isInteger(resamples) || resamples < 1)
    throw new UserError(`unpairedRandomizationTest: resamples must be a positive integer, got ${resamples}`);
  const difference = meanAndVariance(a).mean - meanAndVariance(b).mean;
  const n = a.length + b.length;
  const small = Math.min(a.length, b.length);
  const pool = new Float64Array(n);
  const [first, second] = a.length <= b.length ? [a, b] : [b, a];
  pool.set(Array.from(first));
  pool.set(Array.from(second), small);
  const { mean } = meanAndVariance(pool);
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (pool[i]! -= mean) ** 2;
  const bar = squaredT(pool, small, squares) * (1 - 1e-9); // rounding must not lose a tie
  const random = new Random(seed);
  let hits = 1;
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < small; i++) {
      const j = i + random.int(n - i);
      const held = pool[i]!;
      pool[i] = pool[j]!;
      pool[j] = held;
    }
    if (squaredT(pool, small, squares) >= bar) hits++;
  }
  return { difference, p: hits / (resamples + 1) };
}

/**
 * Welch's t² of the first m values against the others, all values summing to 0 and their squares to `squares`; 0 where
 * both the difference and the spread are 0.
 */
function squaredT(values: Float64Array, m: number, squares: number): number {
  const n = values.length - m;
  let sum = 0;
  let own = 0;
  for (let i = 0; i < m; i++) {
    sum += values[i]!;
    own += values[i]! ** 2;
  }
  const difference = sum / m + sum / n;
  const spread = (own - sum ** 2 / m) / (m * (m - 1)) + (squares - own - sum ** 2 / n) / (n * (n - 1));
  if (Math.abs(difference) <= 1e-12 * Math.sqrt(squares)) return 0;
  return spread > 1e-12 * squares ? difference ** 2 / spread : Infinity;
}
