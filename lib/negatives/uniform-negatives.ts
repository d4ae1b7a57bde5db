import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";

/**
 * `count` distinct numbers drawn uniformly from [0, corpus), by Floyd's algorithm.
 *
 * @throws RangeError unless 1 ≤ count ≤ corpus
 */
export function uniformRows(count: number, corpus: number, random: Random): Int32Array {
  if (!Number.isInteger(count) || count < 1 || count > corpus)
    throw new UserError(`uniformRows: count must be an integer in [1, ${corpus}], got ${count}`);
  const chosen = new Set<number>();
  for (let top = corpus - count; top < corpus; top++) {
    const drawn = random.int(top + 1);
    chosen.add(chosen.has(drawn) ? top : drawn);
  }
  return Int32Array.from(chosen);
}
