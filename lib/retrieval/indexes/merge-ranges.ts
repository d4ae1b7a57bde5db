import type { SearchResult } from "./search-options.js";

/**
 * Joins the results of several ranges of documents into one ranking per query: higher scores first, ties to the lower
 * id. Each range's row must be in that order already, −1 at its end.
 *
 * @param ids  [ranges, Q, k]
 * @returns [Q, k]; the inputs themselves where there is one range
 */
export function mergeRanges(
  ids: Int32Array,
  scores: Float32Array,
  ranges: number,
  queryCount: number,
  k: number,
): SearchResult {
  if (ranges === 1) return { ids: ids.slice(), scores: scores.slice() };
  const merged = { ids: new Int32Array(queryCount * k).fill(-1), scores: new Float32Array(queryCount * k) };
  merged.scores.fill(-Infinity);
  const heads = new Int32Array(ranges);
  for (let q = 0; q < queryCount; q++) {
    for (let r = 0; r < ranges; r++) heads[r] = (r * queryCount + q) * k;
    for (let i = 0; i < k; i++) {
      let best = -1;
      for (let r = 0; r < ranges; r++) {
        const head = heads[r]!;
        if (head === (r * queryCount + q + 1) * k || ids[head] === -1) continue;
        const other = best === -1 ? -1 : heads[best]!;
        if (
          other === -1 ||
          scores[head]! > scores[other]! ||
          (scores[head] === scores[other] && ids[head]! < ids[other]!)
        )
          best = r;
      }
      if (best === -1) break;
      merged.ids[q * k + i] = ids[heads[best]!]!;
      merged.scores[q * k + i] = scores[heads[best]!]!;
      heads[best]!++;
    }
  }
  return merged;
}
