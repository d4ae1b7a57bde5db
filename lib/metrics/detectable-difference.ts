import { UserError } from "../files/user-error.js";
import { meanAndVariance } from "./sample.js";
import { studentTQuantile } from "./student-t.js";

/**
 * The smallest true difference that a two-sided paired t-test finds with the given power:
 * δ = (t_{1−α/2, n−1} + t_{power, n−1}) · sd / √n.
 *
 * Below it, a test that finds nothing says little. For a planned number of queries, give sd from a pilot.
 *
 * @param sd       standard deviation of the per-query differences
 * @param queries  n ≥ 2
 * @see the usual sample-size formula with t in place of normal quantiles; power is met within 1–2 % from n = 10 on
 */
export function detectableDifference(
  sd: number,
  queries: number,
  options: { alpha?: number; power?: number } = {},
): number {
  const { alpha = 0.05, power = 0.8 } = options;
  if (!(sd >= 0 && sd < Infinity)) throw new UserError(`detectableDifference: sd must be ≥ 0, got ${sd}`);
  if (!Number.isInteger(queries) || queries < 2)
    throw new UserError(`detectableDifference: queries must be an integer of at least 2, got ${queries}`);
  for (const [name, value] of Object.entries({ alpha, power }))
    if (!(value > 0 && value < 1))
      throw new UserError(`detectableDifference: ${name} must be in (0, 1), got ${value}`);
  const degrees = queries - 1;
  return (
    ((studentTQuantile(1 - alpha / 2, degrees) + studentTQuantile(power, degrees)) * sd) / Math.sqrt(queries)
  );
}

/** {@link detectableDifference} for the queries at hand, sd taken from their differences. */
export function detectableDifferenceOf(
  differences: ArrayLike<number>,
  options: { alpha?: number; power?: number } = {},
): number {
  return detectableDifference(Math.sqrt(meanAndVariance(differences).variance), differences.length, options);
}

/** More queries than anyone judges. */
const MOST_QUERIES = 1e9;

/**
 * The fewest queries with which {@link detectableDifference} is at most `difference`; Infinity beyond a thousand million.
 *
 * @param difference  true difference that is to be found, > 0
 */
export function queriesNeeded(
  sd: number,
  difference: number,
  options: { alpha?: number; power?: number } = {},
): number {
  if (!(difference > 0 && difference < Infinity))
    throw new UserError(`queriesNeeded: difference must be > 0, got ${difference}`);
  const isEnough = (queries: number) => detectableDifference(sd, queries, options) <= difference;
  if (!isEnough(MOST_QUERIES)) return Infinity;
  let [few, enough] = [1, MOST_QUERIES];
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2);
    if (isEnough(middle)) enough = middle;
    else few = middle;
  }
  return enough;
}
