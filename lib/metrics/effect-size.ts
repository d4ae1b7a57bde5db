import { UserError } from "../files/user-error.js";
import { pairedDifferences } from "./randomization-test.js";
import { meanAndVariance } from "./sample.js";

/**
 * Cohen's d_z of paired values: mean of the differences / their standard deviation. How large a difference is against
 * how much it varies from query to query; 0.2, 0.5 and 0.8 are commonly called small, medium and large.
 *
 * Differences that are all equal give ±∞, or 0 if they are 0.
 *
 * @throws RangeError if lengths differ, are below 2, or a value is not finite
 * @see Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, section 2.3.5
 */
export function cohensDz(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const differences = pairedDifferences("cohensDz", a, b);
  if (differences.length < 2)
    throw new UserError(`cohensDz: a and b must have at least 2 values, got ${differences.length}`);
  const { mean, variance } = meanAndVariance(differences);
  if (mean === 0) return 0;
  return mean / Math.sqrt(variance);
}
