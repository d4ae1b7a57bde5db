import { UserError } from "../files/user-error.js";

/**
 * Student's t distribution function with `degrees` > 0 degrees of freedom (not necessarily whole).
 * P(T ≤ t) = 1 − ½ I_x(ν/2, ½) for t ≥ 0, x = ν/(ν + t²), I the regularised incomplete beta function.
 *
 * @see NIST DLMF 8.17
 */
export function studentTCdf(t: number, degrees: number): number {
  if (!(degrees > 0)) throw new UserError(`studentTCdf: degrees must be > 0, got ${degrees}`);
  const tail = incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t > 0 ? 1 - tail : tail;
}

/** Two-sided p value of a t statistic: P(|T| ≥ |t|). */
export function twoSidedP(t: number, degrees: number): number {
  return Math.min(1, 2 * studentTCdf(-Math.abs(t), degrees));
}

/**
 * Student's t quantile, by bisection; accurate to about 1e-10 relative.
 *
 * @throws RangeError unless 0 < p < 1
 */
export function studentTQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1)) throw new UserError(`studentTQuantile: p must be in (0, 1), got ${p}`);
  if (p < 0.5) return -studentTQuantile(1 - p, degrees);
  let high = 1;
  while (studentTCdf(high, degrees) < p) high *= 2;
  let low = 0;
  for (let i = 0; i < 100 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (studentTCdf(middle, degrees) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Regularised incomplete beta function I_x(a, b), by Lentz's continued fraction. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return front * fraction;

  function nonZero(value: number): number {
    return Math.abs(value) < tiny ? tiny : value;
  }
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** ln Γ(x) for x > 0: Stirling's series after shifting x above 12. */
function logGamma(x: number): number {
  let shift = 0;
  for (; x < 12; x++) shift += Math.log(x);
  const r = 1 / (x * x);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
