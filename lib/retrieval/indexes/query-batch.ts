import type { WasmMemory } from "../../engine/kernels/web-assembly.js";
import type { SearchKernel } from "./search-kernel.js";
import type { SearchMetric } from "./search-options.js";

/** Rows in a kernel memory: addresses are in bytes, 0 stands for "none". */
export interface DocumentBlock {
  rows: number;
  /** One factor per row for its products, or 0. */
  scales: number;
  codes: { codes: number; factors: number; norms: number; losses: number } | null;
  /** Document ids by position, or 0 where the position is the id. */
  ids: number;
}

/** Rows are padded with zeros to whole vectors of eight floats. */
export function paddedDim(dim: number): number {
  return Math.ceil(dim / 8) * 8;
}

/**
 * Whether bounding scores by codes pays for lists of k out of so many rows. About k (1 + ln(rows/k)) rows per query enter
 * the list at some time and are scored one by one, at some twenty times the cost of a row in a batch's plain scan, five
 * times that of a single query's (measured: the plain scan of one query waits for memory).
 */
export function codesPay(rows: number, k: number, queries: number): boolean {
  const factor = queries < 4 ? 5 : 20;
  return k < rows && factor * k * (1 + Math.log(rows / k)) < rows;
}

/** Rows per kernel call: short calls let V8 replace its first, slow code soon. */
const ROWS_PER_CALL = 2048;

/**
 * A batch of queries with their heaps, in a region of a kernel memory that one thread owns. The steps are
 * load → scan (any number of times) → take.
 */
export class QueryBatch {
  private readonly queries: number;
  private readonly codes: number;
  private readonly numbers: number;
  private readonly heaps: number;
  private readonly stride: number;
  private count = 0;

  /**
   * @param base      start of a region of {@link QueryBatch.bytes} bytes
   * @param capacity  most queries at a time
   */
  constructor(
    private readonly kernel: SearchKernel,
    private readonly memory: WasmMemory,
    base: number,
    private readonly dim: number,
    private readonly k: number,
    private readonly metric: SearchMetric,
    readonly capacity: number,
  ) {
    const width = paddedDim(dim);
    this.stride = width * 4;
    this.queries = base;
    this.codes = this.queries + capacity * this.stride + 64;
    this.numbers = this.codes + capacity * width * 2 + 64;
    this.heaps = this.numbers + capacity * 16 + 64;
  }

  /** Size of the region for so many queries; codes take at most two bytes a dimension. */
  static bytes(dim: number, k: number, capacity: number): number {
    return capacity * (paddedDim(dim) * 6 + 16 + 16 + 8 * k) + 4 * 64;
  }

  /** Queries at a time: enough to keep the scan busy, few enough that their heaps stay near 8 MiB. */
  static capacityFor(k: number): number {
    return Math.max(4, Math.min(512, Math.floor(2 ** 20 / k) & ~3));
  }

  /**
   * Copies queries [from, from + count) in, at unit length for cosine, and empties the heaps.
   *
   * @param own  per query an id that is never returned (−1: none), or null
   * @param ids  see {@link DocumentBlock.ids}
   */
  load(queries: Float32Array, from: number, count: number, own: Int32Array | null, ids: number): void {
    const stride = this.stride;
    const dim = this.dim;
    this.count = count;
    const width = stride / 4;
    const target = new Float32Array(this.memory.buffer, this.queries, count * width);
    if (width !== dim) target.fill(0);
    for (let q = 0; q < count; q++)
      target.set(queries.subarray((from + q) * dim, (from + q + 1) * dim), q * width);
    if (this.metric === "cosine") {
      this.kernel.inverseNorms(this.queries, count, stride, this.numbers);
      this.kernel.scaleRows(this.queries, count, stride, this.numbers);
    }
    this.kernel.encodeQueries(this.queries, count, stride, this.codes, this.numbers);
    this.kernel.resetHeaps(this.heaps, count, this.k, ids);
    if (own === null) return;
    const heads = new Int32Array(this.memory.buffer, this.heaps, (count * (16 + 8 * this.k)) / 4);
    for (let q = 0; q < count; q++) heads[q * (4 + 2 * this.k) + 2] = own[from + q]!;
  }

  /**
   * Offers rows [from, from + count) of a block; row i has the id firstId + i, or ids[firstId + i].
   *
   * @param keep  address of one bit per document id, or 0
   */
  scan(block: DocumentBlock, from: number, count: number, firstId: number, keep: number): void {
    const { kernel, stride, k, queries, heaps } = this;
    for (let start = from; start < from + count; start += ROWS_PER_CALL) {
      const rows = block.rows + start * stride;
      const n = Math.min(ROWS_PER_CALL, from + count - start);
      const id = firstId + start - from;
      const scales = block.scales === 0 ? 0 : block.scales + start * 4;
      if (block.codes === null || this.metric === "euclidean") {
        const kind = this.metric === "euclidean" ? 1 : 0;
        kernel.scan(kind, rows, n, stride, id, scales, queries, this.count, heaps, k, keep);
      } else {
        const { codes, factors, norms, losses } = block.codes;
        kernel.scanCodes(
          rows,
          codes + start * (stride / 4),
          n,
          stride,
          id,
          scales,
          factors + start * 4,
          norms + start * 4,
          losses + start * 4,
          queries,
          this.codes,
          this.numbers,
          this.count,
          heaps,
          k,
          keep,
        );
      }
    }
  }

  /** Writes the results, best first, from row `to` of [·, k] arrays on; −1 and −Infinity fill what is left. */
  take(ids: Int32Array, scores: Float32Array, to: number): void {
    const { kernel, k, heaps, count } = this;
    kernel.sortHeaps(heaps, count, k);
    const words = (16 + 8 * k) / 4;
    const integers = new Int32Array(this.memory.buffer, heaps, count * words);
    const floats = new Float32Array(this.memory.buffer, heaps, count * words);
    for (let q = 0; q < count; q++) {
      const size = integers[q * words + 1]!;
      const out = (to + q) * k;
      for (let i = 0; i < size; i++) {
        const at = q * words + 4 + 2 * i;
        const score = floats[at]!;
        scores[out + i] = this.metric === "euclidean" ? -Math.sqrt(-score) : score;
        ids[out + i] = integers[at + 1]!;
      }
      ids.fill(-1, out + size, out + k);
      scores.fill(-Infinity, out + size, out + k);
    }
  }
}
