import { bootstrapInterval, type Interval } from "./bootstrap.js";
import { type SeedValues, seedQueryInterval } from "./seeds-and-queries.js";

/**
 * The interval that tables and figures show for a system's mean over seeds and queries. One seed: BCa bootstrap over
 * queries, which speaks of these weights. Several: {@link seedQueryInterval}, which holds for new seeds and new queries;
 * for measures within [0, 1] it ends there. A single query tells nothing about others: width 0.
 *
 * @param values  [S][Q], S ≥ 1, Q ≥ 1, finite
 */
export function meanInterval(
  values: SeedValues,
  options: { level?: number; resamples?: number; seed?: number } = {},
): Interval {
  if (values.length === 1) return bootstrapInterval(values[0]!, options);
  if (values[0]!.length === 1) {
    const mean = values.reduce((sum, run) => sum + run[0]! / values.length, 0);
    return { mean, low: mean, high: mean };
  }
  const { mean, low, high } = seedQueryInterval(values, options);
  const isShare = values.every((run) => Array.from(run).every((value) => value >= 0 && value <= 1));
  return isShare ? { mean, low: Math.max(0, low), high: Math.min(1, high) } : { mean, low, high };
}
