import { tracing } from "./tracing.js";

/**
 * How long rows are padded: to the longest where ops are computed; under trace to the next multiple of 8, beyond 64 of 32, so
 * that batches of many lengths share few graphs.
 *
 * @param most  that they can be
 */
export function graphLength(longest: number, most: number = Number.POSITIVE_INFINITY): number {
  if (!tracing()) return longest;
  const step = longest <= 64 ? 8 : 32;
  return Math.max(longest, Math.min(most, Math.ceil(longest / step) * step));
}
