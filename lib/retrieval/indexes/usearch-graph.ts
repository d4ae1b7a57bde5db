import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { Index, MetricKind, ScalarKind } from "usearch";
import type { GraphAnswers, GraphShape, NeighbourGraph } from "./neighbour-graph.js";
import type { SearchMetric } from "./search-options.js";

const scalars = { float32: ScalarKind.F32, float16: ScalarKind.F16 };
export type UsearchPrecision = keyof typeof scalars;

const kinds: Record<SearchMetric, MetricKind> = {
  cosine: MetricKind.Cos,
  dot: MetricKind.IP,
  euclidean: MetricKind.L2sq,
};

const THREADS = availableParallelism();

/** Documents added per native call. */
const ADD_AT_ONCE = 8192;

/**
 * A small-world graph by usearch (native code): vectors in float32 or float16, files that can be mapped.
 *
 * Why usearch: it is the one package of those measured that installs and runs from its npm archive alone. hnswlib-node
 * has no binary and needs a compiler; LanceDB works but brings 550 MB (a 186 MB library) and a table store we have no use
 * for; usearch is 25 MB with binaries for Linux, macOS and Windows. It does not check its files (one cut short ends the
 * process), so they are opened here only after their checksum has been verified. Zero vectors have no defined cosine.
 *
 * @see https://github.com/unum-cloud/usearch
 */
export class UsearchGraph implements NeighbourGraph {
  readonly scan = null;

  private constructor(
    private readonly graph: Index,
    private readonly shape: GraphShape,
    private readonly precision: UsearchPrecision,
    private readonly mapped: boolean,
    private readonly threads: number,
  ) {}

  /** @param threads  that build; above 1 the graph depends on their timing */
  static build(
    documents: Float32Array,
    shape: GraphShape,
    precision: UsearchPrecision,
    threads: number,
    onProgress?: (done: number, total: number) => void,
  ): UsearchGraph {
    const graph = newGraph(shape, precision);
    const { size, dim } = shape;
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
    return new UsearchGraph(graph, shape, precision, false, THREADS);
  }

  /** @param map  leave the file where it is and map it: opens at once, reads what searches touch */
  static fromFile(
    filePath: string,
    shape: GraphShape,
    precision: UsearchPrecision,
    map: boolean,
    threads: number,
  ): UsearchGraph {
    const graph = newGraph(shape, precision);
    if (shape.size > 0) {
      if (map) graph.view(filePath);
      else graph.load(filePath);
    }
    return new UsearchGraph(graph, shape, precision, map, threads);
  }

  /** Vectors, keys and links; 0 for a mapped file. An estimate: the library does not tell. */
  get memoryBytes(): number {
    const { size, dim, connectivity } = this.shape;
    const width = this.precision === "float16" ? 2 : 4;
    return this.mapped ? 0 : size * (width * dim + 8 + 4 * (2 * connectivity + 1) + 8);
  }

  ask(queries: Float32Array, ask: number): GraphAnswers {
    const count = queries.length / this.shape.dim;
    const answers = { ids: new Int32Array(count * ask).fill(-1), scores: new Float32Array(count * ask) };
    answers.scores.fill(-Infinity);
    const matches = this.graph.search(queries, ask, this.threads) as unknown as {
      keys: BigUint64Array;
      distances: Float32Array;
      counts?: BigUint64Array;
    };
    for (let q = 0; q < count; q++) {
      const found = matches.counts ? Number(matches.counts[q]) : matches.keys.length;
      for (let j = q * ask; j < q * ask + found; j++) {
        if (Number.isNaN(matches.distances[j])) continue;
        answers.ids[j] = Number(matches.keys[j]);
        answers.scores[j] = this.score(matches.distances[j]!);
      }
    }
    return answers;
  }

  sections(filePath: string): ReturnType<NeighbourGraph["sections"]> {
    const native = path.join(path.dirname(filePath), `.${path.basename(filePath)}.${process.pid}.usearch`);
    const done = () => rmSync(native, { force: true });
    try {
      if (this.shape.size > 0) this.graph.save(native);
    } catch (error) {
      done();
      throw error;
    }
    return { header: {}, sections: { graph: this.shape.size > 0 ? readPieces(native) : [] }, done };
  }

  async close(): Promise<void> {}

  private score(distance: number): number {
    return this.shape.metric === "euclidean" ? -Math.sqrt(Math.max(0, distance)) : 1 - distance;
  }
}

function newGraph(shape: GraphShape, precision: UsearchPrecision): Index {
  return new Index({
    dimensions: shape.dim,
    metric: kinds[shape.metric],
    quantization: scalars[precision],
    connectivity: shape.connectivity,
    expansion_add: shape.expansionAdd,
    expansion_search: shape.expansionSearch,
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
