import { KernelMemory } from "./kernel-memory.js";
import { codesPay, type DocumentBlock, paddedDim, QueryBatch } from "./query-batch.js";
import { type SearchKernel, searchKernel } from "./search-kernel.js";
import type { SearchMetric, SearchOptions, SearchResult } from "./search-options.js";
import { checkMetric, checkRows, checkSearch, keepBits } from "./search-options.js";

export type { SearchMetric, SearchOptions, SearchResult };

export interface ExactSearchOptions extends SearchOptions {
  /** [N, D], row by row */
  documents: Float32Array;
  /** D */
  dim: number;
  /** [Q, D] */
  queries: Float32Array;
  k: number;
  metric?: SearchMetric;
}

/** One working space for all calls: a WebAssembly memory claims gigabytes of address space. */
let scratch: { memory: KernelMemory; kernel: SearchKernel } | null = null;

function newScratch(): { memory: KernelMemory; kernel: SearchKernel } {
  const memory = new KernelMemory();
  return { memory, kernel: searchKernel(memory.memory) };
}

/** Documents copied into the kernel's memory at a time. */
const BLOCK = 2048;

/** From this many queries a batch on, coding a block costs less than it saves. */
const CODES_FROM = 128;

/**
 * Exhaustive nearest-neighbour search in the calling thread; for several threads, or many calls on the same documents,
 * see ExactIndex, which gives the same numbers.
 * cosine: q·d / (max(‖q‖, 1e-8) max(‖d‖, 1e-8)); dot: q·d; euclidean: −‖q − d‖; float32 sums.
 *
 * Ties go to the lower index; NaN scores are never returned; a zero vector scores 0 under cosine. Extra memory: a few
 * megabytes, whatever the number of documents and queries.
 *
 * @throws RangeError if sizes are not multiples of dim, k is not a positive integer, or a filter names no document
 */
export function exactSearch(options: ExactSearchOptions): SearchResult {
  const { documents, dim, queries, k, metric = "cosine" } = options;
  const documentCount = checkRows("exactSearch", "documents", documents, dim);
  const queryCount = checkRows("exactSearch", "queries", queries, dim);
  checkSearch("exactSearch", k, queryCount, options);
  checkMetric("exactSearch", metric);
  const bits = keepBits("exactSearch", documentCount, options);
  const own = options.excludePerQuery ? Int32Array.from(options.excludePerQuery) : null;

  scratch ??= newScratch();
  const { memory, kernel } = scratch;
  const mark = memory.mark();
  try {
    const capacity = Math.max(1, Math.min(QueryBatch.capacityFor(k), queryCount));
    const stride = paddedDim(dim) * 4;
    const block: DocumentBlock = {
      rows: memory.allocate(BLOCK * stride),
      scales: metric === "cosine" ? memory.allocate(BLOCK * 4) : 0,
      codes: null,
      ids: 0,
    };
    if (capacity >= CODES_FROM && metric !== "euclidean" && codesPay(documentCount, k, capacity))
      block.codes = {
        codes: memory.allocate((BLOCK * stride) / 4),
        factors: memory.allocate(BLOCK * 4),
        norms: memory.allocate(BLOCK * 4),
        losses: memory.allocate(BLOCK * 4),
      };
    const keep = bits === null ? 0 : memory.allocate(bits.length);
    const base = memory.allocate(QueryBatch.bytes(dim, k, capacity));
    if (bits !== null) memory.bytes(keep, bits.length).set(bits);
    const batch = new QueryBatch(kernel, memory.memory, base, dim, k, metric, capacity);
    if (stride !== dim * 4) memory.floats(block.rows, (BLOCK * stride) / 4).fill(0);

    const ids = new Int32Array(queryCount * k);
    const scores = new Float32Array(queryCount * k);
    for (let q = 0; q < queryCount; q += capacity) {
      batch.load(queries, q, Math.min(capacity, queryCount - q), own, 0);
      for (let start = 0; start < documentCount; start += BLOCK) {
        const count = Math.min(BLOCK, documentCount - start);
        copyRows(documents, start, count, dim, memory.floats(block.rows, (BLOCK * stride) / 4));
        if (block.scales) kernel.inverseNorms(block.rows, count, stride, block.scales);
        if (block.codes) {
          const { codes, factors, norms, losses } = block.codes;
          kernel.encodeRows(block.rows, count, stride, block.scales, codes, factors, norms, losses);
        }
        batch.scan(block, 0, count, start, keep);
      }
      batch.take(ids, scores, q);
      options.onProgress?.(Math.min(queryCount, q + capacity), queryCount);
    }
    return { ids, scores };
  } finally {
    memory.release(mark);
  }
}

/** Copies rows [from, from + count) of a [·, dim] matrix to the start of a padded one whose padding is 0 already. */
export function copyRows(
  source: Float32Array,
  from: number,
  count: number,
  dim: number,
  target: Float32Array,
): void {
  const width = paddedDim(dim);
  if (width === dim) target.set(source.subarray(from * dim, (from + count) * dim));
  else
    for (let i = 0; i < count; i++)
      target.set(source.subarray((from + i) * dim, (from + i + 1) * dim), i * width);
}
