import { power } from "../../engine/power.js";

/**
 * Learning rate of an epoch (from 0): base · γ^epoch; as published, base · γ^max(0, epoch − 1), so that epochs 0 and 1
 * share the base rate.
 *
 * @see specs/3-kdd-multimodal-recall.md section 10 and quirk 8
 */
export function exponentialRate(base: number, gamma: number, epoch: number, published: boolean): number {
  return base * power(gamma, published ? Math.max(0, epoch - 1) : epoch);
}
