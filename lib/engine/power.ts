/**
 * base ** exponent with the same last bits on every Node, for what ends in numbers that are promised byte for byte:
 * `**` and Math.pow changed theirs between V8 11 and 13; multiplication, Math.sqrt, Math.exp and Math.log did not.
 *
 * With n = ⌊exponent⌋: baseⁿ by squaring, times √base for a rest of ½ or e^(rest · ln base) for any other. The relative
 * error is below |n| · 2⁻⁵². A negative base with a broken exponent is NaN, as with `**`.
 */
export function power(base: number, exponent: number): number {
  if (!Number.isFinite(exponent)) return base ** exponent;
  const whole = Math.floor(exponent);
  const rest = exponent - whole;
  const result = whole < 0 ? 1 / wholePower(base, -whole) : wholePower(base, whole);
  if (rest === 0) return result;
  return result * (rest === 0.5 ? Math.sqrt(base) : Math.exp(rest * Math.log(base)));
}

function wholePower(base: number, exponent: number): number {
  let result = 1;
  for (let [square, left] = [base, exponent]; left > 0; square *= square, left = Math.floor(left / 2))
    if (left % 2 === 1) result *= square;
  return result;
}
