import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { Index, MetricKind, ScalarKind } from "usearch";
import { UserError } from "../../files/user-error.js";
import { type IndexFile, writeIndexFile } from "./index-file.js";
import type { SearchMetric, SearchOptions, SearchResult } from "./search-options.js";
import { checkMetric, checkRows, checkSearch, isKept, keepBits } from "./search-options.js";
import type { VectorIndex } from "./vector-index.js";

export type HnswPrecision = "float32" | "float16";

export interface HnswIndexOptions {
  /** D */
  dim: number;
  metric?: SearchMetric;
  /** M: links per document and layer (twice as many on the lowest). Default 16. */
  connectivity?: number;
  /** efConstruction: candidates considered when a document is linked. Default 128. */
  expansionAdd?: number;
  /** efSearch: candidates considered per query, at least k. Default 64. */
  expansionSearch?: number;
  /**
   * How vectors are kept. "float16" halves them, with recall within .01. Searches were 1.3 to 2.1 times as fast over 100,000
   * documents on a processor with AVX-512 (usearch sums products of float32 in doubles, those of float16 in floats), 1.1 to 1.4
   * times on one without, and about as fast over a million there (bench/README.md). Scores are those of the rounded vectors. Default "float32".
   */
  precision?: HnswPrecision;
  /** Threads that build; above 1 the graph depends on their timing. Default 1: the same graph every time. */
  threads?: number;
  onProgress?: (done: number, total: number) => void;
}

interface Header {
  size: number;
  dim: number;
  metric: SearchMetric;
  connectivity: number;
  expansionAdd: number;
  expansionSearch: number;
  precision: HnswPrecision;
}

const scalars: Record<HnswPrecision, ScalarKind> = { float32: ScalarKind.F32, float16: ScalarKind.F16 };

const kinds: Record<SearchMetric, MetricKind> = {
  cosine: MetricKind.Cos,
  dot: MetricKind.IP,
  euclidean: MetricKind.L2sq,
};

const THREADS = availableParallelism();

/** Documents added, and queries asked, per native call. */
const ADD_AT_ONCE = 8192;
const ASK_AT_ONCE = 1024;

/**
 * Approximate search in a navigable small-world graph, by usearch (native code).
 *
 * Why usearch: it is the one package of those measured that installs and runs from its npm archive alone. hnswlib-node
 * has no binary and needs a compiler; LanceDB works but brings 550 MB (a 186 MB library) and a table store we have no use
 * for; usearch is 25 MB with binaries for Linux, macOS and Windows. On 50,000 clustered vectors × 128: built in 3.7 s by
 * one thread, 23,000 queries/s at recall@10 .999 (efSearch 64). It does not check its files (one cut short ends the
 * process), so files are opened here only after their checksum has been verified.
 *
 * Scores are those of the other indexes to float32 rounding; zero vectors have no defined cosine. Filters are applied to
 * what the graph returns, asking it for more until k are left: slow when few documents are kept.
 *
 * @see Malkov & Yashunin 2016, arXiv:1603.09320; https://github.com/unum-cloud/usearch
 */
export class HnswIndex implements VectorIndex {
  readonly kind = "hnsw";

  private constructor(
    private readonly graph: Index,
    private readonly header: Header,
    private readonly mapped: boolean,
    private readonly searchThreads: number,
  ) {}

  /**
   * @param documents  [N, D], row by row; copied
   * @throws RangeError if documents do not fill whole rows or an option is out of range
   */
  static build(documents: Float32Array, options: HnswIndexOptions): HnswIndex {
    const { dim, metric = "cosine", connectivity = 16, expansionAdd = 128, expansionSearch = 64 } = options;
    const { threads = 1, precision = "float32", onProgress } = options;
    const size = checkRows("HnswIndex.build", "documents", documents, dim);
    checkMetric("HnswIndex.build", metric);
    for (const [name, value] of Object.entries({ connectivity, expansionAdd, expansionSearch, threads }))
      if (!Number.isInteger(value) || value < 1)
        throw new UserError(`HnswIndex.build: ${name} must be a positive integer, got ${value}`);
    if (!Object.hasOwn(scalars, precision))
      throw new UserError(
        `HnswIndex.build: unknown precision "${precision}"; known: ${Object.keys(scalars).join(", ")}`,
      );
    if (threads > THREADS)
      throw new UserError(`HnswIndex.build: threads must be at most ${THREADS} here, got ${threads}`);
    const header: Header = { size, dim, metric, connectivity, expansionAdd, expansionSearch, precision };
    const graph = newGraph(header);
    for (let from = 0; from < size; ) {
      // The call that outgrows the library's reserve renews it, for as many threads as that call names, and that is how
      // many may search later. So each such call adds a single document, which leaves the graph what one thread makes.
      const room = graph.capacity() - graph.size() - 1;
      const n = room < 1 ? 1 : Math.min(ADD_AT_ONCE, size - from, room);
      const keys = BigUint64Array.from({ length: n }, (_, i) => BigInt(from + i));
      graph.add(keys, documents.slice(from * dim, (from + n) * dim), room < 1 ? THREADS : threads);
      from += n;
      onProgress?.(from, size);
    }
    return new HnswIndex(graph, header, false, THREADS);
  }

  /**
   * @param options.map              leave the file where it is and map it: opens at once, reads what searches touch
   * @param options.expansionSearch  instead of the saved one
   * @param options.threads          threads to search with; default: all
   */
  static fromFile(
    file: IndexFile,
    options: { map?: boolean; expansionSearch?: number; threads?: number } = {},
  ): HnswIndex {
    const header = { ...(file.header as unknown as Header) };
    if (options.expansionSearch !== undefined) header.expansionSearch = options.expansionSearch;
    const graph = newGraph(header);
    if (header.size > 0) {
      if (options.map) graph.view(file.path);
      else graph.load(file.path);
    }
    return new HnswIndex(graph, header, options.map === true, options.threads ?? THREADS);
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

  /** Vectors, keys and links; 0 for a mapped file. An estimate: the library does not tell. */
  get memoryBytes(): number {
    const { size, dim, connectivity, precision } = this.header;
    const width = precision === "float16" ? 2 : 4;
    return this.mapped ? 0 : size * (width * dim + 8 + 4 * (2 * connectivity + 1) + 8);
  }

  search(queries: Float32Array, k: number, options: SearchOptions = {}): Promise<SearchResult> {
    const queryCount = checkRows("HnswIndex.search", "queries", queries, this.dim);
    checkSearch("HnswIndex.search", k, queryCount, options);
    const bits = keepBits("HnswIndex.search", this.size, options);
    const own = options.excludePerQuery ?? null;
    const result = { ids: new Int32Array(queryCount * k).fill(-1), scores: new Float32Array(queryCount * k) };
    result.scores.fill(-Infinity);
    for (let from = 0; from < queryCount && this.size > 0; from += ASK_AT_ONCE) {
      const to = Math.min(queryCount, from + ASK_AT_ONCE);
      let open = Array.from({ length: to - from }, (_, i) => from + i);
      for (
        let ask = Math.min(this.size, k + (own ? 1 : 0) + (options.exclude?.length ?? 0));
        open.length > 0;
      ) {
        open = this.ask(queries, open, ask, k, (q, id) => isKept(bits, id) && own?.[q] !== id, result);
        if (ask === this.size) break;
        ask = Math.min(this.size, ask * 4);
      }
      options.onProgress?.(to, queryCount);
    }
    return Promise.resolve(result);
  }

  save(filePath: string): number {
    const native = path.join(path.dirname(filePath), `.${path.basename(filePath)}.${process.pid}.usearch`);
    try {
      if (this.size > 0) this.graph.save(native);
      return writeIndexFile(filePath, {
        kind: this.kind,
        header: { ...this.header },
        sections: { graph: this.size > 0 ? readPieces(native) : [] },
      });
    } finally {
      rmSync(native, { force: true });
    }
  }

  async close(): Promise<void> {}

  /** Asks for `ask` neighbours of the open queries, writes those allowed; returns the queries with fewer than k. */
  private ask(
    queries: Float32Array,
    open: number[],
    ask: number,
    k: number,
    allowed: (query: number, id: number) => boolean,
    result: SearchResult,
  ): number[] {
    const { dim } = this;
    const batch = new Float32Array(open.length * dim);
    open.forEach((q, i) => {
      batch.set(queries.subarray(q * dim, (q + 1) * dim), i * dim);
    });
    const matches = this.graph.search(batch, ask, this.searchThreads) as unknown as {
      keys: BigUint64Array;
      distances: Float32Array;
      counts?: BigUint64Array;
    };
    return open.filter((q, i) => {
      const count = matches.counts ? Number(matches.counts[i]) : matches.keys.length;
      const found: { id: number; score: number }[] = [];
      for (let j = i * ask; j < i * ask + count; j++) {
        const id = Number(matches.keys[j]);
        if (allowed(q, id) && !Number.isNaN(matches.distances[j]))
          found.push({ id, score: this.score(matches.distances[j]!) });
      }
      found.sort((a, b) => b.score - a.score || a.id - b.id);
      found.slice(0, k).forEach(({ id, score }, rank) => {
        result.ids[q * k + rank] = id;
        result.scores[q * k + rank] = score;
      });
      return found.length < k;
    });
  }

  private score(distance: number): number {
    return this.metric === "euclidean" ? -Math.sqrt(Math.max(0, distance)) : 1 - distance;
  }
}

function newGraph(header: Header): Index {
  return new Index({
    dimensions: header.dim,
    metric: kinds[header.metric],
    quantization: scalars[header.precision],
    connectivity: header.connectivity,
    expansion_add: header.expansionAdd,
    expansion_search: header.expansionSearch,
    multi: false,
  });
}

function* readPieces(filePath: string): Generator<Uint8Array> {
  const file = openSync(filePath, "r");
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(2 ** 22);
      const n = readSync(file, piece, 0, piece.length, null);
      if (n === 0) return;
      yield piece.subarray(0, n);
    }
  } finally {
    closeSync(file);
  }
}
