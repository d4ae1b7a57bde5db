import type { FeatureBatch } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import type { VectorStore } from "../../files/vector-store.js";
import { exactSearch } from "../indexes/exact-search.js";
import type { SearchMetric, SearchResult } from "../indexes/search-options.js";
import { TopK } from "../indexes/top-k.js";

export interface EncodeCorpusOptions {
  store: VectorStore;
  /** features of documents [from, from + count) */
  features: (from: number, count: number) => FeatureBatch;
  /** embeddings of a batch, [batch.size, store.header.dim] */
  embed: (batch: FeatureBatch) => Promise<Float32Array> | Float32Array;
  /** documents read, embedded and written at a time (default 1024); sorted by length within */
  blockRows?: number;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Embeds a corpus into a store, going on behind the rows that are there. Memory is that of one block, whatever the
 * number of documents; after a kill at most one block is embedded again.
 */
export async function encodeCorpus(options: EncodeCorpusOptions): Promise<void> {
  const { store, features, embed, blockRows = 1024, onProgress } = options;
  if (!Number.isInteger(blockRows) || blockRows < 1)
    throw new UserError(`encodeCorpus: blockRows must be a positive integer, got ${blockRows}`);
  const { rows } = store.header;
  onProgress?.(store.rowsDone, rows);
  while (!store.complete) {
    const count = Math.min(blockRows, rows - store.rowsDone);
    store.append(await embed(features(store.rowsDone, count)));
    onProgress?.(store.rowsDone, rows);
  }
}

/**
 * Exhaustive search over a store, a block at a time; the same result as exactSearch over all its rows at once.
 *
 * @param queries [Q, dim]
 */
export function searchStore(
  store: VectorStore,
  queries: Float32Array,
  k: number,
  options: { metric?: SearchMetric; blockRows?: number } = {},
): SearchResult {
  const { dim } = store.header;
  const count = queries.length / dim;
  const best = Array.from({ length: count }, () => new TopK(k));
  for (const { from, vectors } of store.blocks(options.blockRows ?? 16_384)) {
    const found = exactSearch({ documents: vectors, dim, queries, k, metric: options.metric ?? "cosine" });
    for (let q = 0; q < count; q++)
      for (let i = q * k; i < (q + 1) * k && found.ids[i] !== -1; i++)
        best[q]!.offer(from + found.ids[i]!, found.scores[i]!);
  }
  const ids = new Int32Array(count * k);
  const scores = new Float32Array(count * k);
  best.forEach((top, q) => {
    top.drainInto(ids, scores, q * k);
  });
  return { ids, scores };
}
