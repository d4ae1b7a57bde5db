import type { SharedMemory } from "./kernel-memory.js";
import { codesPay, type DocumentBlock, QueryBatch } from "./query-batch.js";
import type { SearchKernel } from "./search-kernel.js";
import type { SearchMetric } from "./search-options.js";

/** Documents of an index that live in one kernel memory. */
export interface Shard {
  memory: SharedMemory;
  block: DocumentBlock;
  /** id of its first row */
  firstId: number;
  count: number;
}

/** Rows [from, from + count) of a shard. */
export interface ScanRange {
  shard: number;
  from: number;
  count: number;
}

/**
 * A search cut into items: every batch of queries against every range. Threads take items by counting up `next`; each
 * item fills its own part of the results, so the outcome does not depend on who took what.
 */
export interface ScanTask {
  dim: number;
  k: number;
  metric: SearchMetric;
  /** queries per batch */
  capacity: number;
  queryCount: number;
  /** [Q, D] */
  queries: Float32Array;
  /** [Q] or null */
  own: Int32Array | null;
  ranges: ScanRange[];
  /** per shard, the address of the keep bits, or 0 */
  keep: number[];
  /** [ranges, Q, k] */
  ids: Int32Array;
  scores: Float32Array;
  /** the next item to take */
  next: Int32Array;
}

/** Takes one item after the other until none is left. @param scratch  per shard, the address of this thread's region */
export function* runItems(
  task: ScanTask,
  shards: readonly Shard[],
  kernels: readonly SearchKernel[],
  scratch: readonly number[],
): Generator<number> {
  const batches = shards.map(
    (shard, s) =>
      new QueryBatch(kernels[s]!, shard.memory, scratch[s]!, task.dim, task.k, task.metric, task.capacity),
  );
  const { queryCount, capacity, ranges } = task;
  const items = Math.ceil(queryCount / capacity) * ranges.length;
  for (;;) {
    const item = Atomics.add(task.next, 0, 1);
    if (item >= items) return;
    const range = ranges[item % ranges.length]!;
    const first = Math.floor(item / ranges.length) * capacity;
    const shard = shards[range.shard]!;
    const batch = batches[range.shard]!;
    batch.load(task.queries, first, Math.min(capacity, queryCount - first), task.own, shard.block.ids);
    const block = codesPay(range.count, task.k, Math.min(capacity, queryCount))
      ? shard.block
      : { ...shard.block, codes: null };
    batch.scan(block, range.from, range.count, shard.firstId + range.from, task.keep[range.shard]!);
    batch.take(task.ids, task.scores, (item % ranges.length) * queryCount + first);
    yield item;
  }
}
