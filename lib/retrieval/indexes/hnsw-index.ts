import { availableParallelism } from "node:os";
import { UserError } from "../../files/user-error.js";
import { CodeGraph } from "./code-graph.js";
import { type IndexFile, writeIndexFile } from "./index-file.js";
import type { GraphShape, NeighbourGraph } from "./neighbour-graph.js";
import type { SearchMetric, SearchOptions, SearchResult } from "./search-options.js";
import { checkMetric, checkRows, checkSearch, isKept, keepBits } from "./search-options.js";
import { UsearchGraph } from "./usearch-graph.js";
import type { VectorIndex } from "./vector-index.js";

const precisions = ["int8", "float32", "float16"] as const;
export type HnswPrecision = (typeof precisions)[number];

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
   * By what the graph is followed. "int8": by 8-bit codes, and candidates are scored by the float32 rows kept beside them; the
   * fastest to build and to search by far, up to 4 GiB of memory. "float32" and "float16": usearch's graphs, which can be mapped from
   * their file; float16 halves the vectors, and scores are those of rounded ones. Figures: bench/README.md.
   * Default: "int8" where documents, codes and links fit in 4 GiB, else "float32".
   */
  precision?: HnswPrecision;
  /** Threads that build a graph of float32 or float16; above 1 it depends on their timing. Default 1: the same graph every time. */
  threads?: number;
  onProgress?: (done: number, total: number) => void;
}

interface Header extends GraphShape {
  precision: HnswPrecision;
  /** Of a graph of codes: where searches enter it. */
  entry?: number;
}

const THREADS = availableParallelism();

/** Queries asked per call of the graph. */
const ASK_AT_ONCE = 1024;
/** Answers that a graph which can score all documents is asked for at most, when filters leave too few. */
const MOST_ASKED = 1024;

/**
 * Approximate search in a navigable small-world graph: {@link CodeGraph}, or {@link UsearchGraph}.
 *
 * Scores are those of the other indexes to float32 rounding. Filters are applied to what the graph returns, asking it for more
 * until k are left; where few documents are kept, a graph of codes scores all that are.
 *
 * @see Malkov & Yashunin 2016, arXiv:1603.09320
 */
export class HnswIndex implements VectorIndex {
  readonly kind = "hnsw";

  private constructor(
    private readonly graph: NeighbourGraph,
    private readonly header: Header,
  ) {}

  /**
   * @param documents  [N, D], row by row; copied
   * @throws UserError if documents do not fill whole rows or an option is out of range
   */
  static build(documents: Float32Array, options: HnswIndexOptions): HnswIndex {
    const { dim, metric = "cosine", connectivity = 16, expansionAdd = 128, expansionSearch = 64 } = options;
    const { threads = 1, onProgress } = options;
    const size = checkRows("HnswIndex.build", "documents", documents, dim);
    checkMetric("HnswIndex.build", metric);
    for (const [name, value] of Object.entries({ connectivity, expansionAdd, expansionSearch, threads }))
      if (!Number.isInteger(value) || value < 1)
        throw new UserError(`HnswIndex.build: ${name} must be a positive integer, got ${value}`);
    const shape: GraphShape = { size, dim, metric, connectivity, expansionAdd, expansionSearch };
    const { precision = CodeGraph.fits(shape) ? "int8" : "float32" } = options;
    if (!precisions.includes(precision))
      throw new UserError(
        `HnswIndex.build: unknown precision "${precision}"; known: ${precisions.join(", ")}`,
      );
    if (threads > THREADS)
      throw new UserError(`HnswIndex.build: threads must be at most ${THREADS} here, got ${threads}`);
    const graph =
      precision === "int8"
        ? CodeGraph.build(documents, shape, THREADS, onProgress)
        : UsearchGraph.build(documents, shape, precision, threads, onProgress);
    return new HnswIndex(graph, { ...shape, precision });
  }

  /**
   * @param options.map              leave a graph of float32 or float16 in its file and map it: opens at once, reads what
   *                                 searches touch
   * @param options.expansionSearch  instead of the saved one
   * @param options.threads          threads to search with; default: all
   */
  static fromFile(
    file: IndexFile,
    options: { map?: boolean; expansionSearch?: number; threads?: number } = {},
  ): HnswIndex {
    const header = { ...(file.header as unknown as Header) };
    const { map = false, threads = THREADS, expansionSearch = header.expansionSearch } = options;
    header.expansionSearch = expansionSearch;
    const { precision, entry = -1, ...shape } = header;
    const graph =
      precision === "int8"
        ? CodeGraph.fromFile(file, shape, entry, threads)
        : UsearchGraph.fromFile(file.path, shape, precision, map, threads);
    return new HnswIndex(graph, header);
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

  /** By what the graph is followed. */
  get precision(): HnswPrecision {
    return this.header.precision;
  }

  get memoryBytes(): number {
    return this.graph.memoryBytes;
  }

  async search(queries: Float32Array, k: number, options: SearchOptions = {}): Promise<SearchResult> {
    const queryCount = checkRows("HnswIndex.search", "queries", queries, this.dim);
    checkSearch("HnswIndex.search", k, queryCount, options);
    const { size, dim, graph } = this;
    const bits = keepBits("HnswIndex.search", size, options);
    const own = options.excludePerQuery ?? null;
    const allowed = (query: number, id: number) => isKept(bits, id) && own?.[query] !== id;
    const result = { ids: new Int32Array(queryCount * k).fill(-1), scores: new Float32Array(queryCount * k) };
    result.scores.fill(-Infinity);
    const most = graph.scan ? Math.max(MOST_ASKED, k + 1) : size;
    for (let from = 0; from < queryCount && size > 0; from += ASK_AT_ONCE) {
      const to = Math.min(queryCount, from + ASK_AT_ONCE);
      let open = Array.from({ length: to - from }, (_, i) => from + i);
      let ask = Math.min(size, k + (own ? 1 : 0) + (options.exclude?.length ?? 0));
      for (let last = false; open.length > 0 && ask <= most && !last; ask = Math.min(size, ask * 4)) {
        open = await this.ask(queries, open, ask, k, allowed, result);
        last = ask === size;
      }
      if (graph.scan)
        for (const q of open) {
          const all = graph.scan(queries.subarray(q * dim, (q + 1) * dim), k, (id) => allowed(q, id));
          result.ids.set(all.ids, q * k);
          result.scores.set(all.scores, q * k);
        }
      options.onProgress?.(to, queryCount);
    }
    return result;
  }

  save(filePath: string): number {
    const { header, sections, done } = this.graph.sections(filePath);
    try {
      return writeIndexFile(filePath, { kind: this.kind, header: { ...this.header, ...header }, sections });
    } finally {
      done();
    }
  }

  async close(): Promise<void> {
    await this.graph.close();
  }

  /** Asks for `ask` neighbours of the open queries, writes those allowed; returns the queries with fewer than k. */
  private async ask(
    queries: Float32Array,
    open: number[],
    ask: number,
    k: number,
    allowed: (query: number, id: number) => boolean,
    result: SearchResult,
  ): Promise<number[]> {
    const { dim } = this;
    const batch = new Float32Array(open.length * dim);
    open.forEach((q, i) => {
      batch.set(queries.subarray(q * dim, (q + 1) * dim), i * dim);
    });
    const { ids, scores } = await this.graph.ask(batch, ask);
    return open.filter((q, i) => {
      let kept = 0;
      for (let j = i * ask; j < (i + 1) * ask; j++)
        if (ids[j]! >= 0 && allowed(q, ids[j]!))
          kept = insertBest(result, q * k, kept, k, ids[j]!, scores[j]!);
      return kept < k;
    });
  }
}

/** Puts an answer in its place among `count` from `start` on, higher scores first, then lower ids. @returns how many there are */
function insertBest(
  { ids, scores }: SearchResult,
  start: number,
  count: number,
  k: number,
  id: number,
  score: number,
): number {
  const worse = (at: number) => scores[at]! < score || (scores[at] === score && ids[at]! > id);
  if (count === k && !worse(start + k - 1)) return count;
  const kept = Math.min(k, count + 1);
  let at = start + kept - 1;
  for (; at > start && worse(at - 1); at--) {
    scores[at] = scores[at - 1]!;
    ids[at] = ids[at - 1]!;
  }
  scores[at] = score;
  ids[at] = id;
  return kept;
}
