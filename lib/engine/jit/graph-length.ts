import { tracing } from "./tracing.js";

/**
 * How long rows are padded, or how many rows there are: as many as needed where ops are computed; under trace the next multiple
 * of `multiple`, beyond 8 times that of 4 times as much, so that batches of many lengths share few graphs.
 *
 * @param most  that they can be
 */
export function graphLength(longest: number, most: number = Number.POSITIVE_INFINITY, multiple = 8): number {
  if (!tracing()) return longest;
  const step = longest <= 8 * multiple ? multiple : 4 * multiple;
  return Math.max(longest, Math.min(most, Math.ceil(longest / step) * step));
}
