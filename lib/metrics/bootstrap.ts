import { power } from "../engine/power.js";
import { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";
import { normalCdf, normalQuantile } from "./normal.js";

export interface BootstrapOptions {
  /** Seed of the resampling; equal seeds give equal intervals. Default 1. */
  seed?: number;
  /** Number of resamples. Default 10,000. */
  resamples?: number;
  /** Coverage in (0, 1). Default 0.95. */
  level?: number;
  /** "bca" corrects for bias and skewness; "percentile" does not. Default "bca". */
  method?: "percentile" | "bca";
}

/** How intervals are drawn wherever one is shown, so that a number has one interval in terminal, report and figure. */
export const shownResampling = { seed: 42, resamples: 2000 } as const;

export interface Interval {
  mean: number;
  low: number;
  high: number;
}

/**
 * Bootstrap interval of the mean of one value per query.
 *
 * percentile: the (1 ∓ level)/2 quantiles of the means of resamples drawn with replacement.
 * BCa: the same at Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z))), with z₀ = Φ⁻¹(share of resampled means below the mean, ties
 * counted half) and, for the mean, a = Σ(xᵢ − x̄)³ / (6 (Σ(xᵢ − x̄)²)^{3/2}).
 *
 * One value, or equal values, give an interval of width 0: it says nothing about other queries.
 *
 * @throws RangeError if values is empty or holds a non-finite number, or an option is out of range
 * @see Efron 1987, doi:10.2307/2289144
 */
export function bootstrapInterval(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  const { seed = 1, resamples = 10_000, level = 0.95, method = "bca" } = options;
  checkBootstrap("bootstrapInterval", values, resamples, level);
  const n = values.length;
  const data = Float64Array.from(values);
  const mean = sum(data) / n;
  const means = resampledMeans(data, resamples, new Random(seed)).sort();
  return { mean, ...intervalOf(means, mean, level, method === "bca" ? acceleration(data, mean) : null) };
}

/** Means of resamples of `data`, drawn with replacement; the index bias of 32-bit draws is below n / 2³². */
function resampledMeans(data: Float64Array, resamples: number, random: Random): Float64Array {
  const n = data.length;
  const scale = n / 2 ** 32;
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let total = 0;
    for (let i = 0; i < n; i++) total += data[Math.floor(random.uint32() * scale)]!;
    means[r] = total / n;
  }
  return means;
}

/**
 * The interval read off sorted bootstrap replicates of an estimate.
 *
 * @param sorted        replicates, ascending
 * @param acceleration  BCa's a, or null for the percentile interval
 */
export function intervalOf(
  sorted: Float64Array,
  estimate: number,
  level: number,
  acceleration: number | null,
): { low: number; high: number } {
  const tail = (1 - level) / 2;
  if (acceleration === null)
    return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail) };
  if (sorted[0] === sorted[sorted.length - 1]) return { low: sorted[0]!, high: sorted[0]! };
  const below = shareBelow(sorted, estimate);
  const half = 1 / (2 * sorted.length);
  const bias = normalQuantile(Math.min(1 - half, Math.max(half, below)));
  const at = (p: number): number => {
    const z = bias + normalQuantile(p);
    return quantileSorted(sorted, normalCdf(bias + z / (1 - acceleration * z)));
  };
  return { low: at(tail), high: at(1 - tail) };
}

/** Share of sorted values below x; values equal to x up to rounding count half. */
function shareBelow(sorted: Float64Array, x: number): number {
  const slack = 1e-12 * Math.max(Math.abs(sorted[0]!), Math.abs(sorted[sorted.length - 1]!));
  let less = 0;
  let notMore = 0;
  for (const value of sorted) {
    if (value < x - slack) less++;
    if (value <= x + slack) notMore++;
  }
  return (less + notMore) / 2 / sorted.length;
}

function acceleration(data: Float64Array, mean: number): number {
  let squares = 0;
  let cubes = 0;
  for (const x of data) {
    const d = x - mean;
    squares += d * d;
    cubes += d * d * d;
  }
  return squares > 0 ? cubes / (6 * power(squares, 1.5)) : 0;
}

/** Quantile of ascending values by linear interpolation between order statistics (R's type 7). */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  const position = Math.min(1, Math.max(0, p)) * (sorted.length - 1);
  const low = Math.floor(position);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (position - low) * (sorted[high]! - sorted[low]!);
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const x of values) total += x;
  return total;
}

/** Shared argument checks of the resampling functions. */
export function checkBootstrap(
  where: string,
  values: ArrayLike<number>,
  resamples: number,
  level: number,
): void {
  if (values.length === 0) throw new UserError(`${where}: values must not be empty, got 0 values`);
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new UserError(`${where}: values must be finite, got ${values[i]} at ${i}`);
  if (!Number.isInteger(resamples) || resamples < 1)
    throw new UserError(`${where}: resamples must be a positive integer, got ${resamples}`);
  if (!(level > 0 && level < 1)) throw new UserError(`${where}: level must be in (0, 1), got ${level}`);
}
