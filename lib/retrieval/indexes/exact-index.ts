import { availableParallelism } from "node:os";
import { UserError } from "../../files/user-error.js";
import { copyRows } from "./exact-search.js";
import { type IndexFile, writeIndexFile } from "./index-file.js";
import { KernelMemory } from "./kernel-memory.js";
import { mergeRanges } from "./merge-ranges.js";
import { paddedDim, QueryBatch } from "./query-batch.js";
import { runItems, type ScanRange, type ScanTask, type Shard } from "./scan-task.js";
import type { ScanRequest, ScanWorkerData } from "./scan-worker.js";
import { type SearchKernel, searchKernel, searchModule } from "./search-kernel.js";
import type { SearchMetric, SearchOptions, SearchResult } from "./search-options.js";
import { checkMetric, checkRows, checkSearch, keepBits } from "./search-options.js";
import { KeptPool, SearchPool } from "./search-pool.js";
import type { VectorIndex } from "./vector-index.js";

export interface ExactIndexOptions {
  /** D */
  dim: number;
  metric?: SearchMetric;
  /** Threads to search with; 1 stays in the calling thread. Default: as many as the machine has cores, at most 16. */
  threads?: number;
  /** Memory is claimed in pieces with at most this many bytes of vectors each. Default (and most): 2 GiB. */
  shardBytes?: number;
}

const SHARD_BYTES = 2 ** 31;
/** Products of a search from which waking threads pays. */
const PRODUCTS_TO_WAKE = 2e7;
/** Products of such searches, all since the index was made, from which starting threads, about 0.3 s, pays. */
const PRODUCTS_TO_START = 2e9;
function defaultThreads(): number {
  return Math.min(16, availableParallelism());
}

/**
 * Queries of a batch at least, where there are as many. Work is divided by queries first: every range of documents fills
 * lists of its own, so four ranges cost nearly four times the insertions of one.
 */
const MIN_BATCH = 16;
/** Rows of a range at least. */
const MIN_RANGE = 16_384;

/**
 * Exhaustive search over documents kept in shared WebAssembly memory, by several threads.
 *
 * Same definitions, order and numbers as exactSearch, whatever the number of threads. Products (cosine, dot) are bounded
 * from above by one-byte codes first and computed in full only where the bound beats the k-th best so far, so the answer
 * is that of the full scan. Memory: N × (5 D + 16) bytes (D rounded up to a multiple of 8) for the index; a search adds
 * its results, its queries and about 10 MiB per thread, whatever N and Q are.
 */
export class ExactIndex implements VectorIndex {
  readonly kind = "exact";
  private readonly memories: KernelMemory[] = [];
  private readonly shards: Shard[] = [];
  private readonly kernels: SearchKernel[] = [];
  private readonly pool = new KeptPool<ScanRequest>(this, () => {
    const data: ScanWorkerData = { module: searchModule().module, shards: this.shards };
    return new SearchPool("lib/retrieval/indexes/scan-worker.ts", data, this.threads);
  });
  private products = 0;
  private queue: Promise<unknown> = Promise.resolve();
  private closed = false;

  private constructor(
    readonly size: number,
    readonly dim: number,
    readonly metric: SearchMetric,
    readonly threads: number,
    shardBytes: number,
  ) {
    const stride = paddedDim(dim) * 4;
    const rowsPerShard = Math.max(1, Math.floor(shardBytes / stride));
    for (let firstId = 0; firstId < size || firstId === 0; firstId += rowsPerShard) {
      const count = Math.min(rowsPerShard, size - firstId);
      const memory = new KernelMemory(count * (stride * 1.25 + 16) + 1024);
      const block = {
        rows: memory.allocate(count * stride),
        scales: metric === "cosine" ? memory.allocate(count * 4) : 0,
        codes:
          metric === "euclidean"
            ? null
            : {
                codes: memory.allocate((count * stride) / 4),
                factors: memory.allocate(count * 4),
                norms: memory.allocate(count * 4),
                losses: memory.allocate(count * 4),
              },
        ids: 0,
      };
      this.memories.push(memory);
      this.kernels.push(searchKernel(memory.memory));
      this.shards.push({ memory: memory.memory, block, firstId, count });
    }
  }

  /**
   * @param documents  [N, D], row by row; copied
   * @throws RangeError if documents do not fill whole rows, or an option is out of range
   */
  static build(documents: Float32Array, options: ExactIndexOptions): ExactIndex {
    const count = checkRows("ExactIndex.build", "documents", documents, options.dim);
    return ExactIndex.fromChunks(count, [documents], options);
  }

  /**
   * Builds from pieces of whole rows, so that the documents need not be held twice.
   *
   * @param count   N
   * @param chunks  [n₁, D], [n₂, D], …: N rows in all
   */
  static fromChunks(count: number, chunks: Iterable<Float32Array>, options: ExactIndexOptions): ExactIndex {
    const { dim, metric = "cosine", threads = defaultThreads(), shardBytes = SHARD_BYTES } = options;
    checkMetric("ExactIndex", metric);
    if (!Number.isInteger(threads) || threads < 1)
      throw new UserError(`ExactIndex: threads must be a positive integer, got ${threads}`);
    if (!(shardBytes >= 1 && shardBytes <= SHARD_BYTES))
      throw new UserError(`ExactIndex: shardBytes must be in [1, 2^31], got ${shardBytes}`);
    const index = new ExactIndex(count, dim, metric, threads, shardBytes);
    let filled = 0;
    for (const chunk of chunks) {
      const rows = checkRows("ExactIndex", "chunks", chunk, dim);
      if (filled + rows > count)
        throw new UserError(`ExactIndex: chunks must hold ${count} rows in all, got more than ${count}`);
      for (let done = 0; done < rows; ) {
        const { shard, memory, row } = index.locate(filled);
        const n = Math.min(rows - done, shard.count - row);
        const width = paddedDim(dim);
        copyRows(chunk, done, n, dim, memory.floats(shard.block.rows + row * width * 4, n * width));
        done += n;
        filled += n;
      }
    }
    if (filled !== count)
      throw new UserError(`ExactIndex: chunks must hold ${count} rows in all, got ${filled}`);
    index.prepare();
    return index;
  }

  /** The index saved in an opened file; see openIndex. */
  static fromFile(file: IndexFile, options: { threads?: number } = {}): ExactIndex {
    const { size, dim, metric } = file.header as { size: number; dim: number; metric: SearchMetric };
    const index = new ExactIndex(size, dim, metric, options.threads ?? defaultThreads(), SHARD_BYTES);
    file.read("vectors", (from, length) => {
      const stride = paddedDim(dim) * 4;
      const { shard, memory, row } = index.locate(Math.floor(from / stride));
      const left = (shard.count - row) * stride - (from % stride);
      return memory.bytes(shard.block.rows + row * stride + (from % stride), Math.min(left, length));
    });
    index.prepare();
    return index;
  }

  get memoryBytes(): number {
    return this.memories.reduce((sum, memory) => sum + memory.memory.buffer.byteLength, 0);
  }

  search(queries: Float32Array, k: number, options: SearchOptions = {}): Promise<SearchResult> {
    const queryCount = checkRows("ExactIndex.search", "queries", queries, this.dim);
    checkSearch("ExactIndex.search", k, queryCount, options);
    const bits = keepBits("ExactIndex.search", this.size, options);
    if (this.closed)
      throw new UserError("ExactIndex.search: the index must be open, got one that was closed");
    const run = this.queue.then(() => this.run(queries, queryCount, k, bits, options));
    this.queue = run.catch(() => undefined);
    return run;
  }

  save(filePath: string): number {
    const { size, dim, metric, shards, memories } = this;
    const stride = paddedDim(dim) * 4;
    const vectors = shards.map((shard, s) => memories[s]!.bytes(shard.block.rows, shard.count * stride));
    return writeIndexFile(filePath, {
      kind: this.kind,
      header: { size, dim, metric },
      sections: { vectors },
    });
  }

  async close(): Promise<void> {
    await this.queue;
    await this.pool.close();
    this.closed = true;
    this.memories.length = 0;
    this.shards.length = 0;
    this.kernels.length = 0;
  }

  /** A copy of one document's vector. */
  vector(id: number): Float32Array {
    if (!Number.isInteger(id) || id < 0 || id >= this.size)
      throw new UserError(`ExactIndex.vector: id must be in [0, ${this.size}), got ${id}`);
    const { shard, memory, row } = this.locate(id);
    return memory.floats(shard.block.rows + row * paddedDim(this.dim) * 4, this.dim).slice();
  }

  private locate(id: number): { shard: Shard; memory: KernelMemory; row: number } {
    const s = Math.min(this.shards.length - 1, Math.floor(id / Math.max(1, this.shards[0]!.count)));
    const shard = this.shards[s]!;
    return { shard, memory: this.memories[s]!, row: id - shard.firstId };
  }

  /** Norms and codes of all rows. */
  private prepare(): void {
    const stride = paddedDim(this.dim) * 4;
    this.shards.forEach(({ block, count }, s) => {
      const kernel = this.kernels[s]!;
      for (let from = 0; from < count; from += MIN_RANGE) {
        const n = Math.min(MIN_RANGE, count - from);
        const rows = block.rows + from * stride;
        const scales = block.scales === 0 ? 0 : block.scales + from * 4;
        if (scales) kernel.inverseNorms(rows, n, stride, scales);
        if (!block.codes) continue;
        const { codes, factors, norms, losses } = block.codes;
        const at = from * 4;
        const to = codes + from * (stride / 4);
        kernel.encodeRows(rows, n, stride, scales, to, factors + at, norms + at, losses + at);
      }
    });
  }

  private async run(
    queries: Float32Array,
    queryCount: number,
    k: number,
    bits: Uint8Array | null,
    options: SearchOptions,
  ): Promise<SearchResult> {
    if (queryCount === 0) return { ids: new Int32Array(0), scores: new Float32Array(0) };
    const products = this.size * this.dim * queryCount;
    if (products >= PRODUCTS_TO_WAKE) this.products += products;
    const parallel = this.threads > 1 && products >= PRODUCTS_TO_WAKE && this.products >= PRODUCTS_TO_START;
    const threads = parallel ? this.threads : 1;
    const items = parallel ? 2 * threads : 1;
    const capacity = Math.min(QueryBatch.capacityFor(k), Math.max(MIN_BATCH, Math.ceil(queryCount / items)));
    const batches = Math.ceil(queryCount / capacity);
    const ranges = this.ranges(Math.ceil(items / batches));
    const shared = <T>(make: (buffer: SharedArrayBuffer) => T, bytes: number): T =>
      make(new SharedArrayBuffer(bytes));
    const task: ScanTask = {
      dim: this.dim,
      k,
      metric: this.metric,
      capacity,
      queryCount,
      queries: parallel ? shared((b) => new Float32Array(b), queries.byteLength) : queries,
      own: options.excludePerQuery ? Int32Array.from(options.excludePerQuery) : null,
      ranges,
      keep: [],
      ids: shared((b) => new Int32Array(b), ranges.length * queryCount * k * 4),
      scores: shared((b) => new Float32Array(b), ranges.length * queryCount * k * 4),
      next: shared((b) => new Int32Array(b), 4),
    };
    if (parallel) task.queries.set(queries);
    const marks = this.memories.map((memory) => memory.mark());
    try {
      task.keep = this.memories.map((memory) => {
        if (!bits) return 0;
        const at = memory.allocate(bits.length);
        memory.bytes(at, bits.length).set(bits);
        return at;
      });
      const region = QueryBatch.bytes(this.dim, k, capacity);
      const scratch = Array.from({ length: threads }, () =>
        this.memories.map((memory) => memory.allocate(region)),
      );
      let done = 0;
      const onItem = (): void => {
        done++;
        options.onProgress?.(Math.floor((queryCount * done) / (batches * ranges.length)), queryCount);
      };
      if (parallel) {
        const requests = scratch.map((own) => ({ task, scratch: own }));
        await this.pool.run(requests, onItem);
      } else {
        for (const _ of runItems(task, this.shards, this.kernels, scratch[0]!)) {
          onItem();
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    } finally {
      this.memories.forEach((memory, m) => {
        memory.release(marks[m]!);
      });
    }
    return mergeRanges(task.ids, task.scores, ranges.length, queryCount, k);
  }

  /** Every shard cut into about `pieces` ranges in all. */
  private ranges(pieces: number): ScanRange[] {
    const ranges: ScanRange[] = [];
    this.shards.forEach((shard, s) => {
      const parts = Math.max(
        1,
        Math.min(Math.ceil(pieces / this.shards.length), Math.floor(shard.count / MIN_RANGE)),
      );
      for (let p = 0; p < parts; p++) {
        const from = Math.floor((shard.count * p) / parts);
        ranges.push({ shard: s, from, count: Math.floor((shard.count * (p + 1)) / parts) - from });
      }
    });
    return ranges;
  }
}
