import { UserError } from "../files/user-error.js";
import { pairedDifferences } from "./randomization-test.js";
import { meanAndVariance } from "./sample.js";
import { studentTQuantile, twoSidedP } from "./student-t.js";

export interface TTest {
  /** mean(a) − mean(b) */
  difference: number;
  /** interval of the difference at `level` */
  low: number;
  high: number;
  t: number;
  degrees: number;
  /** two-sided */
  p: number;
}

/**
 * Paired t-test of equal means: t = mean(d) / (sd(d)/√n), d = a − b per query, n − 1 degrees of freedom.
 *
 * Differences that are all equal give p = 0, or p = 1 if they are 0.
 *
 * @throws RangeError if lengths differ, are below 2, or a value is not finite
 */
export function pairedTTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: { level?: number } = {},
): TTest {
  const differences = pairedDifferences("pairedTTest", a, b);
  if (differences.length < 2)
    throw new UserError(`pairedTTest: a and b must have at least 2 values, got ${differences.length}`);
  const { mean, variance } = meanAndVariance(differences);
  return tTest(mean, variance / differences.length, differences.length - 1, options.level ?? 0.95);
}

/**
 * Welch's t-test of equal means of two independent groups, such as two slices of the queries; sizes and variances may
 * differ. Degrees of freedom by Welch and Satterthwaite.
 *
 * @throws RangeError if a group has fewer than 2 values or a value is not finite
 * @see Welch 1947, doi:10.1093/biomet/34.1-2.28
 */
export function welchTTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: { level?: number } = {},
): TTest {
  for (const [name, group] of Object.entries({ a, b }))
    if (group.length < 2)
      throw new UserError(`welchTTest: ${name} must have at least 2 values, got ${group.length}`);
  const first = meanAndVariance(a);
  const second = meanAndVariance(b);
  const parts = [
    { variance: first.variance / a.length, degrees: a.length - 1 },
    { variance: second.variance / b.length, degrees: b.length - 1 },
  ];
  const variance = parts[0]!.variance + parts[1]!.variance;
  return tTest(first.mean - second.mean, variance, satterthwaite(variance, parts), options.level ?? 0.95);
}

/** Degrees of freedom of a sum of variance estimates: V² / Σ vᵢ²/νᵢ. */
export function satterthwaite(
  total: number,
  parts: readonly { variance: number; degrees: number }[],
): number {
  const sum = parts.reduce((s, { variance, degrees }) => s + (degrees > 0 ? variance ** 2 / degrees : 0), 0);
  if (sum === 0) return Math.max(1, ...parts.map(({ degrees }) => degrees));
  return Math.max(1, total ** 2 / sum);
}

/** Test and interval of a difference from the variance of its estimate. */
export function tTest(difference: number, variance: number, degrees: number, level: number): TTest {
  if (!(level > 0 && level < 1)) throw new UserError(`tTest: level must be in (0, 1), got ${level}`);
  const error = Math.sqrt(variance);
  const t = error > 0 ? difference / error : difference === 0 ? 0 : Math.sign(difference) * Infinity;
  const half = error * studentTQuantile(0.5 + level / 2, degrees);
  return {
    difference,
    low: difference - half,
    high: difference + half,
    t,
    degrees,
    p: twoSidedP(t, degrees),
  };
}
