import { TopK } from "../retrieval/indexes/top-k.js";
import type { LiveHit, LivePlace } from "./live-system.js";

/** Dot products of every row with a query. @param rows [N, dim] @returns [N] in float32 */
export function dotProducts(rows: Float32Array, query: Float32Array, dim: number): Float32Array {
  const count = rows.length / dim;
  const out = new Float32Array(count);
  const whole = dim - (dim % 4);
  for (let r = 0, from = 0; r < count; r++, from += dim) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < whole; i += 4) {
      a += rows[from + i]! * query[i]!;
      b += rows[from + i + 1]! * query[i + 1]!;
      c += rows[from + i + 2]! * query[i + 2]!;
      d += rows[from + i + 3]! * query[i + 3]!;
    }
    for (let i = whole; i < dim; i++) a += rows[from + i]! * query[i]!;
    out[r] = a + b + c + d;
  }
  return out;
}

/** The k best scores, best first, ties to the lower position. */
export function bestOf(scores: ArrayLike<number>, k: number): LiveHit[] {
  const top = new TopK(k);
  for (let i = 0; i < scores.length; i++) top.offer(i, scores[i]!);
  const ids = new Int32Array(k);
  const best = new Float32Array(k);
  const kept = top.drainInto(ids, best, 0);
  return Array.from({ length: kept }, (_, i) => ({ id: ids[i]!, score: best[i]! }));
}

/** Rank of a document by its score, ties to the lower position. */
export function placeOf(scores: ArrayLike<number>, document: number): LivePlace {
  const score = scores[document]!;
  let rank = 1;
  for (let i = 0; i < scores.length; i++)
    if (scores[i]! > score || (scores[i] === score && i < document)) rank++;
  return { rank, score };
}
