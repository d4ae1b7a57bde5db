import { UserError } from "../files/user-error.js";

/** Mean and unbiased variance (NaN for one value). @throws RangeError if empty or a value is not finite */
export function meanAndVariance(values: ArrayLike<number>): { mean: number; variance: number } {
  const n = values.length;
  if (n === 0) throw new UserError("meanAndVariance: values must not be empty, got 0 values");
  let sum = 0;
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(values[i])) throw new UserError(`values must be finite, got ${values[i]} at ${i}`);
    sum += values[i]!;
  }
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return { mean, variance: squares / (n - 1) };
}
