import { UserError } from "../../files/user-error.js";

/**
 * The value that stands at place k (from 1) when the values are sorted from largest to smallest, without sorting them:
 * Hoare's quickselect with the middle of three as pivot, O(n) on average. Reorders `values`. NaN is not allowed.
 *
 * @throws RangeError unless 1 ≤ k ≤ values.length
 * @see Hoare 1961, "Algorithm 65: Find"
 */
export function kthLargest(values: Float32Array, k: number): number {
  if (!Number.isInteger(k) || k < 1 || k > values.length)
    throw new UserError(`kthLargest: k must be an integer from 1 to ${values.length}, got ${k}`);
  const wanted = values.length - k;
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const [a, b, c] = [values[low]!, values[(low + high) >>> 1]!, values[high]!];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let [i, j] = [low, high];
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const held = values[i]!;
      values[i++] = values[j]!;
      values[j--] = held;
    }
    if (wanted <= j) high = j;
    else if (wanted >= i) low = i;
    else break;
  }
  return values[wanted]!;
}
