import { power } from "../engine/power.js";
import { UserError } from "../files/user-error.js";

/** Shape of a distribution of lengths. */
export interface LengthStatistics {
  count: number;
  min: number;
  max: number;
  mean: number;
  /** divisor n − 1; NaN for fewer than two */
  variance: number;
  /** m₃ / m₂^1.5 with population moments; NaN where all are equal */
  skewness: number;
  /** excess, m₄ / m₂² − 3; NaN where all are equal */
  kurtosis: number;
}

/**
 * Count, extremes and moments of numbers, as scipy.stats.describe defines them (its defaults).
 *
 * @throws RangeError if there are none
 */
export function lengthStatistics(lengths: ArrayLike<number>): LengthStatistics {
  const count = lengths.length;
  if (count === 0) throw new UserError("lengthStatistics: lengths must not be empty, got 0");
  let [min, max, sum] = [Infinity, -Infinity, 0];
  for (let i = 0; i < count; i++) {
    min = Math.min(min, lengths[i]!);
    max = Math.max(max, lengths[i]!);
    sum += lengths[i]!;
  }
  const mean = sum / count;
  let [m2, m3, m4] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const d = lengths[i]! - mean;
    m2 += d ** 2 / count;
    m3 += power(d, 3) / count;
    m4 += power(d, 4) / count;
  }
  return {
    count,
    min,
    max,
    mean,
    variance: (m2 * count) / (count - 1),
    skewness: m3 / power(m2, 1.5),
    kurtosis: m4 / m2 ** 2 - 3,
  };
}
