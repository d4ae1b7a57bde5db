import type { CachedRows } from "./cached-rows.js";
import { checkGroups } from "./retrieval.js";

/** A refresh request for one of several caches: indices may lie outside where the mask is false. */
export interface SplitRefresh {
  indices: Int32Array;
  mask: boolean[];
}

/** Order in which several caches stand behind one another: by name. */
function cacheOrder(
  sizes: Readonly<Record<string, number>>,
): { name: string; start: number; size: number }[] {
  let start = 0;
  return Object.keys(sizes)
    .sort()
    .map((name) => {
      const entry = { name, start, size: sizes[name]! };
      start += entry.size;
      return entry;
    });
}

/** Splits rows of the concatenation into one request per cache, each as long as `rows`. */
export function splitRows(
  rows: ArrayLike<number>,
  sizes: Readonly<Record<string, number>>,
): Record<string, SplitRefresh> {
  const out: Record<string, SplitRefresh> = {};
  for (const { name, start, size } of cacheOrder(sizes)) {
    const indices = Int32Array.from(rows, (row) => row - start);
    out[name] = { indices, mask: Array.from(indices, (index) => index >= 0 && index < size) };
  }
  return out;
}

/** Several caches searched as one, in the order of their names. Groups of a top-k may span caches. */
export function concatenatedRows(caches: Readonly<Record<string, CachedRows>>): CachedRows {
  const order = cacheOrder(
    Object.fromEntries(Object.entries(caches).map(([name, rows]) => [name, rows.size])),
  );
  const size = order.reduce((sum, entry) => sum + entry.size, 0);
  const { dim } = caches[order[0]!.name]!;
  const locate = (row: number) => {
    const entry = order.find(({ start, size: own }) => row < start + own)!;
    return { rows: caches[entry.name]!, at: row - entry.start };
  };
  return {
    size,
    dim,
    embedding: (row) => {
      const { rows, at } = locate(row);
      return rows.embedding(at);
    },
    usable: (row) => {
      const { rows, at } = locate(row);
      return rows.usable(at);
    },
    groupMaxima(queries, k) {
      checkGroups("groupMaxima", size, k);
      const count = queries.length / dim;
      const width = size / k;
      const out = {
        scores: new Float32Array(count * k).fill(-Infinity),
        columns: Int32Array.from({ length: count * k }, (_, cell) => (cell % k) * width),
      };
      for (const { name, start, size: own } of order) {
        const all = caches[name]!.groupMaxima(queries, own);
        for (let i = 0; i < count; i++)
          for (let row = 0; row < own; row++) {
            const cell = i * k + Math.floor((start + row) / width);
            const score = all.scores[i * own + row]!;
            if (score > out.scores[cell]!) {
              out.scores[cell] = score;
              out.columns[cell] = start + row;
            }
          }
      }
      return out;
    },
  };
}
