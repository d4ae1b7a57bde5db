import { UserError } from "../files/user-error.js";

/**
 * Holm's step-down correction: adjusted p values that control the chance of any false rejection among all tests.
 * p̃₍ᵢ₎ = max over j ≤ i of min(1, (m − j + 1) p₍ⱼ₎)
 *
 * @param ps  raw p values in [0, 1]; not changed
 * @returns adjusted values in the input's order
 * @see Holm 1979, https://www.jstor.org/stable/4615733
 */
export function holm(ps: readonly number[]): number[] {
  const order = ascending("holm", ps);
  const adjusted = new Array<number>(ps.length);
  let running = 0;
  order.forEach((index, rank) => {
    running = Math.max(running, Math.min(1, (ps.length - rank) * ps[index]!));
    adjusted[index] = running;
  });
  return adjusted;
}

/** Indices of p values in ascending order, ties by position; the values are checked. */
export function ascending(where: string, ps: readonly number[]): number[] {
  ps.forEach((p, i) => {
    if (!(p >= 0 && p <= 1)) throw new UserError(`${where}: p values must be in [0, 1], got ${p} at ${i}`);
  });
  return ps.map((_, i) => i).sort((i, j) => ps[i]! - ps[j]! || i - j);
}
