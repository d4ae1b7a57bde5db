import { Random } from "../lib/engine/random/random.js";

export interface ZipfPairs {
  count: number;
  length: number;
  /** [count, length], 0 = padding */
  queries: Int32Array;
  documents: Int32Array;
}

/**
 * Pairs as a shop's log has them: token frequencies fall as rank^−1.05 over `rows` ids in random order, queries have
 * about 3 tokens (1 to 10), documents about 8 (3 to 10).
 */
export function zipfPairs(options: {
  count: number;
  rows: number;
  length?: number;
  seed?: number;
}): ZipfPairs {
  const { count, rows, length = 10, seed = 7 } = options;
  const random = new Random(seed);
  const cumulative = new Float64Array(rows - 1);
  let sum = 0;
  for (let rank = 1; rank < rows; rank++) cumulative[rank - 1] = sum += rank ** -1.05;
  const ids = random.shuffle(Int32Array.from({ length: rows - 1 }, (_, i) => i + 1));
  const draw = () => {
    const target = random.next() * sum;
    let low = 0;
    let high = rows - 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! < target) low = middle + 1;
      else high = middle;
    }
    return ids[low]!;
  };
  const poisson = (mean: number) => {
    let k = 0;
    for (let p = random.next(); p > Math.exp(-mean); p *= random.next()) k++;
    return k;
  };
  const side = (mean: number, fewest: number) => {
    const out = new Int32Array(count * length);
    for (let i = 0; i < count; i++) {
      const tokens = Math.min(length, fewest + poisson(mean - fewest));
      for (let j = 0; j < tokens; j++) out[i * length + j] = draw();
    }
    return out;
  };
  return { count, length, queries: side(3, 1), documents: side(8, 3) };
}

/** Batch number `index` (wrapping around) of `size` rows of one side. */
export function idsOf(
  pairs: ZipfPairs,
  side: "queries" | "documents",
  index: number,
  size: number,
): Int32Array {
  const batches = Math.floor(pairs.count / size);
  const from = (index % batches) * size * pairs.length;
  return pairs[side].subarray(from, from + size * pairs.length);
}
