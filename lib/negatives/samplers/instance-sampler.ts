import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { checkCount } from "./class-sampler.js";

/**
 * Batches of one epoch for self-supervised views: the items in shuffled order, batchSize / views at a time, each block
 * repeated once per view. The last batch may be short.
 *
 * @param options.order instead of a shuffled one
 * @returns positions of items, batch by batch; equal positions are views of the same item
 * @throws RangeError unless views ≥ 2 and batchSize is a multiple of it
 */
export function instanceBatches(
  count: number,
  options: { batchSize: number; views?: number; random: Random; order?: ArrayLike<number> },
): Int32Array[] {
  const { batchSize, views = 2, random } = options;
  checkCount("instanceSampler", "batchSize", batchSize);
  if (!Number.isInteger(views) || views < 2)
    throw new UserError(`instanceSampler: views must be an integer > 1, got ${views}`);
  if (batchSize % views !== 0)
    throw new UserError(`instanceSampler: batchSize must be divisible by views (${views}), got ${batchSize}`);
  const order = options.order
    ? Array.from(options.order)
    : random.shuffle(Array.from({ length: count }, (_, i) => i));
  const block = batchSize / views;
  const batches: Int32Array[] = [];
  for (let start = 0; start < order.length; start += block) {
    const some = order.slice(start, start + block);
    batches.push(Int32Array.from(Array.from({ length: views }, () => some).flat()));
  }
  return batches;
}
