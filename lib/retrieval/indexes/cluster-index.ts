import { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { copyRows, exactSearch } from "./exact-search.js";
import { type IndexFile, writeIndexFile } from "./index-file.js";
import { kMeans, nearestCentroids } from "./k-means.js";
import { KernelMemory } from "./kernel-memory.js";
import { type DocumentBlock, paddedDim, QueryBatch } from "./query-batch.js";
import { type SearchKernel, searchKernel } from "./search-kernel.js";
import type { SearchMetric, SearchOptions, SearchResult } from "./search-options.js";
import { checkMetric, checkRows, checkSearch, keepBits } from "./search-options.js";
import { normalizedRows } from "./unit-rows.js";
import type { VectorIndex } from "./vector-index.js";

export interface ClusterIndexOptions {
  /** D */
  dim: number;
  metric?: SearchMetric;
  /** Number of clusters. Default: about 4 √N. */
  clusters?: number;
  /** Clusters searched per query, nearest first; can be changed later. Default: a twentieth of them, at least 1. */
  probes?: number;
  /** Most rounds of k-means. Default 25. */
  iterations?: number;
  /** Runs of k-means from fresh seeds, of which the one with the lowest inertia counts. Default 1. */
  restarts?: number;
  /** Documents drawn to place the centroids, per cluster; Infinity uses all. Default 256. */
  samplePerCluster?: number;
  /** Seed of sampling and of k-means++. Default 1. */
  seed?: number;
}

interface Parts {
  labels: Int32Array;
  /** [C, D] */
  centroids: Float32Array;
  probes: number;
}

/**
 * Approximate search through clusters: a query is compared with the members of the `probes` clusters whose centroids
 * are nearest to it (Euclidean), in full. With all clusters probed the answer is that of ExactIndex.
 *
 * Deterministic for a seed. For cosine, documents and queries are brought to unit length before they are clustered.
 */
export class ClusterIndex implements VectorIndex {
  readonly kind = "clusters";
  readonly size: number;
  readonly clusters: number;
  /** Clusters searched per query: 1 to `clusters`. */
  probes: number;
  private readonly memory: KernelMemory;
  private readonly kernel: SearchKernel;
  private readonly block: DocumentBlock;
  private readonly offsets: Int32Array;

  private constructor(
    documents: Float32Array,
    readonly dim: number,
    readonly metric: SearchMetric,
    private readonly parts: Parts,
  ) {
    const { labels, centroids } = parts;
    this.size = labels.length;
    this.clusters = centroids.length / dim;
    this.probes = parts.probes;
    this.offsets = new Int32Array(this.clusters + 1);
    for (const label of labels) this.offsets[label + 1]!++;
    for (let c = 0; c < this.clusters; c++) this.offsets[c + 1]! += this.offsets[c]!;

    const width = paddedDim(dim);
    this.memory = new KernelMemory(this.size * (width * 5 + 20) + 4096);
    this.kernel = searchKernel(this.memory.memory);
    const allocate = (bytes: number): number => this.memory.allocate(bytes);
    this.block = {
      rows: allocate(this.size * width * 4),
      scales: metric === "cosine" ? allocate(this.size * 4) : 0,
      codes: null,
      ids: allocate(this.size * 4),
    };
    const ids = this.memory.ints(this.block.ids, this.size);
    const next = this.offsets.slice();
    labels.forEach((label, d) => {
      const at = next[label]!++;
      ids[at] = d;
      copyRows(documents, d, 1, dim, this.memory.floats(this.block.rows + at * width * 4, width));
    });
    const { rows, scales } = this.block;
    if (scales) this.kernel.inverseNorms(rows, this.size, width * 4, scales);
    if (metric === "euclidean") return;
    this.block.codes = {
      codes: allocate(this.size * width),
      factors: allocate(this.size * 4),
      norms: allocate(this.size * 4),
      losses: allocate(this.size * 4),
    };
    const { codes, factors, norms, losses } = this.block.codes;
    this.kernel.encodeRows(rows, this.size, width * 4, scales, codes, factors, norms, losses);
  }

  /**
   * @param documents  [N, D], row by row; copied
   * @throws RangeError if documents do not fill whole rows, there are none, or an option is out of range
   */
  static build(documents: Float32Array, options: ClusterIndexOptions): ClusterIndex {
    const {
      dim,
      metric = "cosine",
      iterations = 25,
      restarts = 1,
      samplePerCluster = 256,
      seed = 1,
    } = options;
    const size = checkRows("ClusterIndex.build", "documents", documents, dim);
    checkMetric("ClusterIndex.build", metric);
    const clusters = options.clusters ?? Math.max(1, Math.min(size, Math.round(4 * Math.sqrt(size))));
    if (!Number.isInteger(clusters) || clusters < 1 || clusters > size)
      throw new UserError(`ClusterIndex.build: clusters must be 1 to the ${size} documents, got ${clusters}`);
    const points = metric === "cosine" ? normalizedRows(documents, dim) : documents;
    const random = new Random(seed);
    const sample = drawRows(points, dim, Math.min(size, samplePerCluster * clusters), random.fork("sample"));
    const { centroids } = kMeans(sample, dim, { clusters, random, restarts, iterations });
    const { labels } = nearestCentroids(points, dim, centroids);
    const probes = options.probes ?? Math.max(1, Math.round(clusters / 20));
    return ClusterIndex.fromClusters(documents, { dim, metric, labels, centroids, probes });
  }

  /** An index over clusters found elsewhere: a label in [0, C) per document, and the [C, D] centroids. */
  static fromClusters(
    documents: Float32Array,
    options: {
      dim: number;
      metric: SearchMetric;
      labels: Int32Array;
      centroids: Float32Array;
      probes: number;
    },
  ): ClusterIndex {
    const { dim, metric, labels, centroids, probes } = options;
    const size = checkRows("ClusterIndex.fromClusters", "documents", documents, dim);
    const clusters = checkRows("ClusterIndex.fromClusters", "centroids", centroids, dim);
    if (labels.length !== size)
      throw new UserError(`ClusterIndex.fromClusters: labels must number ${size}, got ${labels.length}`);
    const wrong = labels.find((label) => label < 0 || label >= clusters);
    if (wrong !== undefined)
      throw new UserError(`ClusterIndex.fromClusters: labels must be in [0, ${clusters}), got ${wrong}`);
    return new ClusterIndex(documents, dim, metric, { labels, centroids, probes });
  }

  static fromFile(file: IndexFile): ClusterIndex {
    const { dim, metric, probes } = file.header as { dim: number; metric: SearchMetric; probes: number };
    const labels = new Int32Array(file.section("labels").buffer);
    const centroids = new Float32Array(file.section("centroids").buffer);
    const documents = new Float32Array(file.section("documents").buffer);
    return new ClusterIndex(documents, dim, metric, { labels, centroids, probes });
  }

  get memoryBytes(): number {
    return (
      this.memory.memory.buffer.byteLength +
      this.parts.centroids.byteLength +
      2 * this.parts.labels.byteLength
    );
  }

  search(queries: Float32Array, k: number, options: SearchOptions = {}): Promise<SearchResult> {
    const queryCount = checkRows("ClusterIndex.search", "queries", queries, this.dim);
    checkSearch("ClusterIndex.search", k, queryCount, options);
    if (!Number.isInteger(this.probes) || this.probes < 1 || this.probes > this.clusters)
      throw new UserError(`ClusterIndex.search: probes must be 1 to ${this.clusters}, got ${this.probes}`);
    const bits = keepBits("ClusterIndex.search", this.size, options);
    const own = options.excludePerQuery ? Int32Array.from(options.excludePerQuery) : null;
    const nearest = exactSearch({
      documents: this.parts.centroids,
      dim: this.dim,
      queries: this.metric === "cosine" ? normalizedRows(queries, this.dim) : queries,
      k: this.probes,
      metric: "euclidean",
    }).ids;
    const mark = this.memory.mark();
    const ids = new Int32Array(queryCount * k);
    const scores = new Float32Array(queryCount * k);
    try {
      const keep = bits === null ? 0 : this.memory.allocate(bits.length);
      if (bits !== null) this.memory.bytes(keep, bits.length).set(bits);
      const base = this.memory.allocate(QueryBatch.bytes(this.dim, k, 1));
      const batch = new QueryBatch(this.kernel, this.memory.memory, base, this.dim, k, this.metric, 1);
      for (let q = 0; q < queryCount; q++) {
        batch.load(queries, q, 1, own, this.block.ids);
        for (let p = 0; p < this.probes; p++) {
          const cluster = nearest[q * this.probes + p]!;
          if (cluster === -1) continue; // a query with NaN has no nearest centroid
          const from = this.offsets[cluster]!;
          batch.scan(this.block, from, this.offsets[cluster + 1]! - from, from, keep);
        }
        batch.take(ids, scores, q);
        if ((q + 1) % 256 === 0 || q + 1 === queryCount) options.onProgress?.(q + 1, queryCount);
      }
    } finally {
      this.memory.release(mark);
    }
    return Promise.resolve({ ids, scores });
  }

  save(filePath: string): number {
    const { dim, metric, size, clusters, probes } = this;
    const bytes = (array: Int32Array | Float32Array): Uint8Array =>
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    return writeIndexFile(filePath, {
      kind: this.kind,
      header: { size, dim, metric, clusters, probes },
      sections: {
        labels: [bytes(this.parts.labels)],
        centroids: [bytes(this.parts.centroids)],
        documents: this.documentBytes(),
      },
    });
  }

  async close(): Promise<void> {}

  /** The documents in the order of their ids. */
  private *documentBytes(): Generator<Uint8Array> {
    const width = paddedDim(this.dim);
    const next = this.offsets.slice();
    for (let start = 0; start < this.size; start += 8192) {
      const labels = this.parts.labels.subarray(start, start + 8192);
      const out = new Float32Array(labels.length * this.dim);
      labels.forEach((label, i) => {
        out.set(this.memory.floats(this.block.rows + next[label]!++ * width * 4, this.dim), i * this.dim);
      });
      yield new Uint8Array(out.buffer);
    }
  }
}

/** `count` different rows in random order, or all rows as they are. */
function drawRows(points: Float32Array, dim: number, count: number, random: Random): Float32Array {
  const size = points.length / dim;
  if (count === size) return points;
  const order = random.shuffle(Int32Array.from({ length: size }, (_, i) => i));
  const drawn = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) drawn.set(points.subarray(order[i]! * dim, (order[i]! + 1) * dim), i * dim);
  return drawn;
}
