import {
  packRows,
  ROW_BITS,
  ROW_STORAGES,
  type RoundedStorage,
  roundRows,
} from "../../files/rounded-rows.js";
import { UserError } from "../../files/user-error.js";
import { type IndexFile, writeIndexFile } from "./index-file.js";
import type { SearchMetric, SearchOptions, SearchResult } from "./search-options.js";
import { checkMetric, checkRows, checkSearch, isKept, keepBits } from "./search-options.js";
import { TopK } from "./top-k.js";
import { normalizedRows } from "./unit-rows.js";
import type { VectorIndex } from "./vector-index.js";

export interface RoundedIndexOptions {
  /** D */
  dim: number;
  metric?: SearchMetric;
  /** How vectors are kept for the scan. Default "int8". */
  storage?: RoundedStorage;
  /** The scan sees the first numbers of each vector, so many: for encoders trained by a Matryoshka loss. Default D. */
  width?: number;
  /** Scores the best `candidates` · k of the scan again, on whole vectors in float32 or int8. Default null: the scan decides. */
  rescore?: { storage: "float32" | "int8"; candidates: number } | null;
}

type Header = Required<RoundedIndexOptions> & { size: number };

/**
 * Exhaustive search over vectors in 8 to 1 bits a number, one thread. The query stays in float32: a document scores
 * q · step, times its scale; under cosine the scale is 1/‖step‖, so rounding turns a vector and never shortens it. Ties go to
 * the lower id; a row of zeros scores 0.
 *
 * Steps stay packed in memory. Where they fill bytes evenly (4 bits and signs), each query has a table of what every
 * value of every byte is worth, and a document costs an addition a byte.
 *
 * With `width` and `rescore` this is the funnel of Matryoshka embeddings: few bits of few numbers choose, all numbers decide.
 *
 * @see Kusupati et al. 2022, arXiv:2205.13147, section 4.3.1; Jégou et al. 2011, doi:10.1109/TPAMI.2010.57 (tables by query)
 */
export class RoundedIndex implements VectorIndex {
  readonly kind = "rounded";
  private readonly stride: number;
  private readonly whole: Float32Array | null;

  private constructor(
    private readonly header: Header,
    /** [size, stride] packed steps of the first `width` numbers */
    private readonly packed: Uint8Array,
    /** [size] factors of the scan's products */
    private readonly scales: Float32Array,
    /** [size, D] for rescoring: as float32, or int8 steps and factors */
    private readonly again: { data: Float32Array } | { packed: Uint8Array; scales: Float32Array } | null,
  ) {
    this.stride = Math.ceil((header.width * ROW_BITS[header.storage]) / 8);
    this.whole = again !== null && "data" in again ? again.data : null;
  }

  /**
   * @param documents  [N, D], row by row
   * @throws UserError for the euclidean metric, an unknown storage, and widths and candidates out of range
   */
  static build(documents: Float32Array, options: RoundedIndexOptions): RoundedIndex {
    const { dim, metric = "cosine", storage = "int8", width = dim, rescore = null } = options;
    const size = checkRows("RoundedIndex", "documents", documents, dim);
    checkMetric("RoundedIndex", metric);
    if (metric === "euclidean")
      throw new UserError("RoundedIndex: metric must be cosine or dot, got euclidean");
    if (!ROW_STORAGES.slice(1).includes(storage))
      throw new UserError(
        `RoundedIndex: storage must be one of ${ROW_STORAGES.slice(1).join(", ")}, got "${storage}"`,
      );
    if (!Number.isInteger(width) || width < 1 || width > dim)
      throw new UserError(`RoundedIndex: width must be a whole number from 1 to ${dim}, got ${width}`);
    if (rescore !== null && !(Number.isInteger(rescore.candidates) && rescore.candidates >= 1))
      throw new UserError(
        `RoundedIndex: rescore.candidates must be a positive integer, got ${rescore.candidates}`,
      );
    if (rescore !== null && !["float32", "int8"].includes(rescore.storage))
      throw new UserError(`RoundedIndex: rescore.storage must be float32 or int8, got "${rescore.storage}"`);
    const header: Header = { size, dim, metric, storage, width, rescore };
    const first = width === dim ? documents : firstColumns(documents, dim, width);
    const { packed, scales } = packedRows(storage, first, width, metric);
    const again =
      rescore === null
        ? null
        : rescore.storage === "float32"
          ? { data: metric === "cosine" ? normalizedRows(documents, dim) : documents.slice() }
          : packedRows("int8", documents, dim, metric);
    return new RoundedIndex(header, packed, scales, again);
  }

  /** The index saved in an opened file; see openIndex. */
  static fromFile(file: IndexFile): RoundedIndex {
    const header = file.header as unknown as Header;
    const floats = (name: string) => {
      const bytes = file.section(name);
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    };
    const again =
      header.rescore === null
        ? null
        : header.rescore.storage === "float32"
          ? { data: floats("whole") }
          : { packed: file.section("whole"), scales: floats("wholeScales") };
    return new RoundedIndex(header, file.section("steps"), floats("scales"), again);
  }

  get metric(): SearchMetric {
    return this.header.metric;
  }

  get dim(): number {
    return this.header.dim;
  }

  get size(): number {
    return this.header.size;
  }

  get memoryBytes(): number {
    const own = this.packed.byteLength + this.scales.byteLength;
    if (this.again === null) return own;
    return (
      own +
      ("data" in this.again
        ? this.again.data.byteLength
        : this.again.packed.byteLength + this.again.scales.byteLength)
    );
  }

  search(queries: Float32Array, k: number, options: SearchOptions = {}): Promise<SearchResult> {
    const { dim, size } = this;
    const { width, rescore, metric } = this.header;
    const count = checkRows("RoundedIndex.search", "queries", queries, dim);
    checkSearch("RoundedIndex.search", k, count, options);
    const bits = keepBits("RoundedIndex.search", size, options);
    const asked = metric === "cosine" ? normalizedRows(queries, dim) : queries;
    const depth = rescore === null ? k : Math.max(1, Math.min(size, k * rescore.candidates));
    const found = new TopK(depth);
    const best = new TopK(k);
    const ids = new Int32Array(count * k);
    const scores = new Float32Array(count * k);
    const near = { ids: new Int32Array(depth), scores: new Float32Array(depth) };
    for (let q = 0; q < count; q++) {
      const whole = asked.subarray(q * dim, (q + 1) * dim);
      const prefix = whole.subarray(0, width);
      // of a Matryoshka prefix the cosine is taken anew
      const query = metric === "cosine" && width < dim ? normalizedRows(prefix, width) : prefix;
      const own = options.excludePerQuery?.[q] ?? -1;
      this.scan(query, found, (id) => id !== own && isKept(bits, id));
      if (rescore === null) found.drainInto(ids, scores, q * k);
      else {
        const kept = found.drainInto(near.ids, near.scores, 0);
        for (let i = 0; i < kept; i++) best.offer(near.ids[i]!, this.scoreAgain(whole, near.ids[i]!));
        best.drainInto(ids, scores, q * k);
      }
      options.onProgress?.(q + 1, count);
    }
    return Promise.resolve({ ids, scores });
  }

  save(filePath: string): number {
    const bytes = (array: Float32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const { again } = this;
    const whole: Record<string, Iterable<Uint8Array>> = again === null
      ? {}
      : "data" in again
        ? { whole: [bytes(again.data)] }
        : { whole: [again.packed], wholeScales: [bytes(again.scales)] };
    return writeIndexFile(filePath, {
      kind: this.kind,
      header: { ...this.header },
      sections: { steps: [this.packed], scales: [bytes(this.scales)], ...whole },
    });
  }

  async close(): Promise<void> {}

  private scan(query: Float32Array, top: TopK, allowed: (id: number) => boolean): void {
    const { packed, scales, size } = this;
    const stride = this.stride;
    const { storage, width } = this.header;
    const bits = ROW_BITS[storage];
    const offset = offsetOf(storage) * query.reduce((sum, x) => sum + x, 0);
    const table = bits < 8 && 8 % bits === 0 ? byteTable(query, bits) : null;
    const factor = storage === "binary" ? 2 : 1;
    const mask = (1 << bits) - 1;
    for (let id = 0, row = 0; id < size; id++, row += stride) {
      let sum = 0;
      if (table !== null) for (let b = 0; b < stride; b++) sum += table[(b << 8) | packed[row + b]!]!;
      else if (bits === 8) for (let d = 0; d < width; d++) sum += query[d]! * packed[row + d]!;
      else
        for (let d = 0, at = 0; d < width; d++, at += bits) {
          const byte = row + (at >> 3);
          sum += query[d]! * (((packed[byte]! | ((packed[byte + 1] ?? 0) << 8)) >> (at & 7)) & mask);
        }
      if (allowed(id)) top.offer(id, scales[id]! * (factor * sum - offset));
    }
  }

  private scoreAgain(query: Float32Array, id: number): number {
    const { dim, again } = this;
    const whole = this.whole;
    const from = id * dim;
    let sum = 0;
    if (whole !== null) {
      for (let d = 0; d < dim; d++) sum += query[d]! * whole[from + d]!;
      return sum;
    }
    const { packed, scales } = again as { packed: Uint8Array; scales: Float32Array };
    const offset = offsetOf("int8");
    for (let d = 0; d < dim; d++) sum += query[d]! * (packed[from + d]! - offset);
    return scales[id]! * sum;
  }
}

/** What is taken off a packed code to have its step; of signs, once their codes are doubled. */
function offsetOf(storage: RoundedStorage): number {
  return storage === "binary" ? 1 : 2 ** (ROW_BITS[storage] - 1) - 1;
}

/** [bytes of a row, 256]: Σ q_d · code_d over the numbers that a byte holds, for each of its values. */
function byteTable(query: Float32Array, bits: number): Float64Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const table = new Float64Array(Math.ceil(query.length / perByte) * 256);
  for (let b = 0; b * perByte < query.length; b++)
    for (let value = 0; value < 256; value++) {
      let sum = 0;
      for (let i = 0; i < perByte && b * perByte + i < query.length; i++)
        sum += query[b * perByte + i]! * ((value >> (i * bits)) & mask);
      table[(b << 8) | value] = sum;
    }
  return table;
}

function packedRows(
  storage: RoundedStorage,
  rows: Float32Array,
  dim: number,
  metric: SearchMetric,
): { packed: Uint8Array; scales: Float32Array } {
  const { steps, scales } = roundRows(storage, rows, dim);
  const packed = packRows(storage, steps, dim);
  if (metric === "cosine")
    for (let r = 0; r < scales.length; r++) {
      if (scales[r] === 0) continue;
      let squares = 0;
      for (let i = r * dim; i < (r + 1) * dim; i++) squares += steps[i]! * steps[i]!;
      scales[r] = 1 / Math.sqrt(squares);
    }
  return { packed, scales };
}

/** The first `width` numbers of each row. */
export function firstColumns(rows: Float32Array, dim: number, width: number): Float32Array {
  const out = new Float32Array((rows.length / dim) * width);
  for (let from = 0, to = 0; from < rows.length; from += dim, to += width)
    out.set(rows.subarray(from, from + width), to);
  return out;
}
