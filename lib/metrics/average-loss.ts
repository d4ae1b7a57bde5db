import { UserError } from "../files/user-error.js";

/**
 * Total and mean of the batch losses of an epoch. The original divided by the index of the last batch, i.e. by
 * count − 1 (quirk Q2): its averages read higher by count / (count − 1).
 *
 * @throws RangeError if there is no batch
 */
export function averageLoss(batchLosses: ArrayLike<number>): { total: number; average: number } {
  if (batchLosses.length === 0)
    throw new UserError("averageLoss: batchLosses must not be empty, got 0 batches");
  let total = 0;
  for (let i = 0; i < batchLosses.length; i++) total += batchLosses[i]!;
  return { total, average: total / batchLosses.length };
}
