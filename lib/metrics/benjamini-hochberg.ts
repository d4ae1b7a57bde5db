import { ascending } from "./holm.js";

/**
 * Benjamini–Hochberg step-up correction: adjusted p values that control the expected share of false rejections
 * (independent or positively dependent tests). p̃₍ᵢ₎ = min over j ≥ i of min(1, m p₍ⱼ₎ / j)
 *
 * @param ps  raw p values in [0, 1]; not changed
 * @returns adjusted values in the input's order
 * @see Benjamini & Hochberg 1995, https://www.jstor.org/stable/2346101
 */
export function benjaminiHochberg(ps: readonly number[]): number[] {
  const order = ascending("benjaminiHochberg", ps);
  const adjusted = new Array<number>(ps.length);
  let running = 1;
  for (let rank = ps.length; rank >= 1; rank--) {
    const index = order[rank - 1]!;
    running = Math.min(running, (ps.length * ps[index]!) / rank);
    adjusted[index] = running;
  }
  return adjusted;
}
