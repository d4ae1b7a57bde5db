import type { Random } from "../../engine/random/random.js";
import type { PairSet } from "../../experiment/pairs.js";

/**
 * Numbers of pairs no two of which share a query or a document, so that a batch of them holds no false negatives.
 *
 * @returns at most `count`, fewer where the data has no more
 */
export function distinctPairs(pairs: PairSet, count: number, random: Random): Int32Array {
  const order = random.shuffle(Int32Array.from({ length: pairs.queryOf.length }, (_, i) => i));
  const queries = new Set<number>();
  const documents = new Set<number>();
  const chosen: number[] = [];
  for (const pair of order) {
    if (chosen.length === count) break;
    const [query, document] = [pairs.queryOf[pair]!, pairs.documentOf[pair]!];
    if (queries.has(query) || documents.has(document)) continue;
    queries.add(query);
    documents.add(document);
    chosen.push(pair);
  }
  return Int32Array.from(chosen);
}
