import { UserError } from "../files/user-error.js";
import { studentTQuantile } from "./student-t.js";

/** A unit that was drawn, in the order of the draws. */
export interface DrawnValue {
  /** Its value y, or an unbiased estimate of it. */
  value: number;
  /** With which it was drawn, of the units that were left then. */
  probability: number;
  /** What the value was expected to be before it was drawn, ŷ. Default 0. */
  guess?: number;
  /** Sum of what was expected of all units that were left then, this one included. Default 0. */
  guesses?: number;
  /** Estimated variance of the value where it is an estimate itself. Default 0. */
  variance?: number;
}

export interface DrawnOptions {
  /** Units that could be drawn at the start, N. */
  drawable: number;
  /** Values of the units that are known without being drawn. Default none. */
  known?: readonly number[];
  /** What is expected before any draw: E[((y − ŷ)/p)²] of one draw, and the sum of E[y²] over all units. Default 0. */
  expected?: { draw: number; squares: number };
  /** Draws that `expected` counts as. Default 6. */
  weight?: number;
  level?: number;
}

export interface DrawnMean {
  mean: number;
  low: number;
  high: number;
  draws: number;
  /** Variance of the mean that comes from what was not drawn; 0 when all is known. */
  drawing: number;
  /** Variance of the mean that comes from these units standing for others like them. */
  sampling: number;
}

/**
 * By how much the variance that the draws show is enlarged. Few draws weigh much, and those that are missing so far are missing
 * in their spread too: without it intervals of rehearsed sessions held what they should in 91 % of cases rather than 95.
 */
const ENLARGED = 1.3;

/**
 * The mean of a value over all units, of which some were drawn one after the other without replacement, each with whatever
 * probabilities seemed best after those before it.
 *
 * After draw m the total is estimated without bias by T̂ₘ = Σ_{i<m} yᵢ + Σ_{left} ŷ + (yₘ − ŷₘ) / pₘ, whatever pₘ > 0 and
 * guesses ŷ were made of what had come before (Des Raj, with a difference estimator). Their errors are uncorrelated, so that
 * any fixed weights do; those of LURE, cₘ = N(N − M)/M · 1/((N − m)(N − m + 1)), lead to the exact total when M = N. The
 * variance is estimated from the spread of the T̂ₘ about their mean, and joined with what was expected before the first draw,
 * as if that were `weight` more draws: few draws that happen to be alike would otherwise claim to know everything. Values that
 * are estimates add their variances as far as they stand in the sums of the T̂ₘ after them. The interval is for the mean of units
 * like these: s²/Q of the units' own spread is added. It is Student's with as many degrees of freedom as a variance is worth whose
 * parts have the kurtosis κ of these: 2M/(κ − 1), M for normal ones and far fewer where single draws weigh much.
 *
 * @param draws  M ≤ N
 * @throws UserError for more draws than units, a probability outside (0, 1], and no unit at all
 * @see Des Raj 1956, doi:10.1080/01621459.1956.10501326; Farquhar, Gal & Rainforth 2021, arXiv:2101.11665 (LURE); Zrnic &
 * Candès 2024, arXiv:2403.03208 (guesses)
 */
export function drawnMean(draws: readonly DrawnValue[], options: DrawnOptions): DrawnMean {
  const {
    drawable: size,
    known = [],
    expected = { draw: 0, squares: 0 },
    weight = 4,
    level = 0.95,
  } = options;
  const count = draws.length;
  const units = size + known.length;
  if (units === 0) throw new UserError("drawnMean: units must not be none, got 0");
  if (count > size) throw new UserError(`drawnMean: draws must be at most ${size}, got ${count}`);
  const wrong = draws.find(({ probability }) => !(probability > 0 && probability <= 1));
  if (wrong) throw new UserError(`drawnMean: probabilities must be in (0, 1], got ${wrong.probability}`);
  const values = drawnTotal(draws, size);
  const squares = drawnTotal(
    draws.map(({ value, variance = 0, probability }) => ({ value: value * value - variance, probability })),
    size,
  );
  const mean = (sumOf(known) + values.total) / units;
  const left = size === 0 ? 0 : 1 - count / size;
  const share = left === 0 ? 0 : weight / (weight + Math.max(0, count - 1));
  const before = (expected.draw / Math.max(1, count)) * left;
  const shown = ENLARGED * values.spread;
  const drawing = (share * before + (1 - share) * shown + values.inner) / (units * units);
  const second = expected.squares * share + squares.total * (1 - share);
  const meanSquare = (sumOf(known.map((value) => value * value)) + second) / units;
  const sampling = Math.max(0, meanSquare - mean * mean) / Math.max(1, units - 1);
  const degrees = left === 0 ? units - 1 : Math.min(count - 1, values.degrees) + weight;
  const half = studentTQuantile((1 + level) / 2, Math.max(1, degrees)) * Math.sqrt(drawing + sampling);
  return { mean, low: mean - half, high: mean + half, draws: count, drawing, sampling };
}

/** LURE's total, the variance that the draws show and what it is worth, and that of the values that are estimates. */
function drawnTotal(
  draws: readonly DrawnValue[],
  size: number,
): { total: number; spread: number; degrees: number; inner: number } {
  const count = draws.length;
  if (count === 0) return { total: 0, spread: 0, degrees: 0, inner: 0 };
  let before = 0;
  const estimates = draws.map(({ value, probability, guess = 0, guesses = 0 }) => {
    const estimate = before + guesses + (value - guess) / probability;
    before += value;
    return estimate;
  });
  if (count === size) {
    const inner = Math.max(0, sumOf(draws.map(({ variance = 0 }) => variance)));
    return { total: before, spread: 0, degrees: count - 1, inner };
  }
  const weights = draws.map((_draw, i) => (size * (size - count)) / count / ((size - i - 1) * (size - i)));
  const total = sumOf(estimates.map((estimate, i) => weights[i]! * estimate));
  const apart = estimates.map((estimate, i) => weights[i]! * (estimate - total));
  const parts = apart.map((part) => part * part);
  const squares = sumOf(parts);
  const spread = count === 1 ? 0 : (squares * count) / (count - 1);
  const kurtosis =
    squares === 0 ? 3 : (count * sumOf(parts.map((part) => part * part))) / (squares * squares);
  const degrees = (2 * count) / Math.max(1, kurtosis - 1);
  let later = 1;
  const inner = sumOf(
    draws.map(({ variance = 0 }, i) => {
      later -= weights[i]!;
      return later * later * variance;
    }),
  );
  return { total, spread, degrees, inner: Math.max(0, inner) };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * By how many standard errors a difference must differ from 0 so that somebody who looks after every draw is wrong in at most
 * a share α of cases: the boundary of an asymptotic confidence sequence, narrowest at about 50 draws.
 *
 * √(2 (nρ² + 1)/(nρ²) · ln(√(nρ² + 1)/α)), ρ² = (−2 ln α + ln(1 − 2 ln α) + 1) / 50.
 *
 * @param draws  n ≥ 1
 * @see Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, arXiv:2103.06476, theorem 2.2
 */
export function boundaryAnytime(draws: number, alpha = 0.05): number {
  const best = -2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha)) + 1;
  const n = (draws * best) / 50;
  return Math.sqrt((2 * (n + 1) * Math.log(Math.sqrt(n + 1) / alpha)) / n);
}
