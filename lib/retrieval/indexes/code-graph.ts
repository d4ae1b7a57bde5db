import { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { copyRows } from "./exact-search.js";
import { type GraphKernel, graphKernel, graphModule } from "./graph-kernel.js";
import {
  type GraphRegion,
  type GraphTask,
  type GraphView,
  openGraphRegion,
  QUERIES_PER_ITEM,
  runGraphItems,
} from "./graph-task.js";
import type { GraphRequest, GraphWorkerData } from "./graph-worker.js";
import type { IndexFile } from "./index-file.js";
import { KernelMemory } from "./kernel-memory.js";
import type { GraphAnswers, GraphShape, NeighbourGraph } from "./neighbour-graph.js";
import { paddedDim } from "./query-batch.js";
import { KeptPool, SearchPool } from "./search-pool.js";
import { TopK } from "./top-k.js";
import { normalizedRows } from "./unit-rows.js";

const ADD_AT_ONCE = 1024;
/** Layers that a document is drawn into at most. */
const MOST_LAYERS = 30;
/** Candidates of all searches so far from which threads are worth their start: about a second's. */
const CANDIDATES_TO_START = 2 ** 20;
const MEMORY_BYTES = 2 ** 32;

/**
 * A small-world graph whose links are found and followed by 8-bit codes and whose candidates are scored by their floats, in
 * WebAssembly: a document that is looked at costs a quarter of the memory traffic, which bounds graphs, and an eighth of
 * the instructions. One thread links documents in their order, so the graph is the same every time, on every machine.
 *
 * Memory per document: 5 D + 8 M + 14 bytes or a little more, 4 GiB in all.
 *
 * @see Malkov & Yashunin 2016, arXiv:1603.09320, algorithms 1, 2, 4 and 5
 */
export class CodeGraph implements NeighbourGraph {
  private readonly memory: KernelMemory;
  private readonly kernel: GraphKernel;
  private readonly view: GraphView;
  private readonly regions: GraphRegion[] = [];
  private readonly blocks: number;
  private mostExpansion = 0;
  private readonly pool = new KeptPool<GraphRequest>(this, () => {
    const data: GraphWorkerData = { module: graphModule(), memory: this.memory.memory, view: this.view };
    return new SearchPool("lib/retrieval/indexes/graph-worker.ts", data, this.threads);
  });
  private queue: Promise<unknown> = Promise.resolve();
  private candidates = 0;

  private constructor(
    private readonly shape: GraphShape,
    private readonly layers: Uint8Array,
    private readonly threads: number,
  ) {
    const { size, dim, connectivity, metric } = shape;
    const [stride, codeStride] = [paddedDim(dim) * 4, Math.ceil(dim / 32) * 32];
    this.blocks = layers.reduce((sum, n) => sum + n, 0);
    this.memory = new KernelMemory(CodeGraph.bytes(shape, this.blocks));
    const { memory } = this;
    this.view = {
      ...{ size, dim, metric, connectivity, stride, codeStride },
      codes: memory.allocate(size * codeStride),
      lowest: memory.allocate(size * 8 * connectivity),
      rows: memory.allocate(size * stride),
      factors: memory.allocate(size * 4),
      biases: metric === "euclidean" ? memory.allocate(size * 4) : 0,
      above: memory.allocate(size * 4),
      upper: memory.allocate(this.blocks * 4 * connectivity),
      twins: memory.allocate(size * 4),
      entry: -1,
      topLayer: 0,
    };
    this.kernel = graphKernel(memory.memory);
    const above = memory.ints(this.view.above, size);
    let block = 0;
    for (let i = 0; i < size; i++) {
      above[i] = layers[i] === 0 ? -1 : block;
      block += layers[i]!;
    }
  }

  /** Whether a graph of that shape fits into the memory of its kernels. */
  static fits(shape: GraphShape): boolean {
    const blocks = (1.1 * shape.size) / Math.max(1, shape.connectivity - 1);
    return CodeGraph.bytes(shape, blocks) < MEMORY_BYTES;
  }

  private static bytes({ size, dim, connectivity, metric }: GraphShape, blocks: number): number {
    const row = paddedDim(dim) * 4 + Math.ceil(dim / 32) * 32 + 8 * connectivity + 12;
    return size * (row + (metric === "euclidean" ? 5 : 1)) + blocks * 4 * connectivity + 2 ** 17;
  }

  /**
   * @param documents  [N, D]; copied
   * @throws UserError where they do not fit into 4 GiB with codes and links
   */
  static build(
    documents: Float32Array,
    shape: GraphShape,
    threads: number,
    onProgress?: (done: number, total: number) => void,
  ): CodeGraph {
    const { size, dim, metric, connectivity, expansionAdd } = shape;
    if (!CodeGraph.fits(shape))
      throw new UserError(
        `HnswIndex.build: documents must fit in 4 GiB with precision "int8", got ${(CodeGraph.bytes(shape, 0) / 2 ** 30).toFixed(1)} GiB; "float16" has no such bound`,
      );
    const random = new Random(1).fork("layers");
    const layers = Uint8Array.from({ length: size }, () => {
      let layer = 0;
      while (layer < MOST_LAYERS && random.int(Math.max(2, connectivity)) === 0) layer++;
      return layer;
    });
    const graph = new CodeGraph(shape, layers, threads);
    const { memory, kernel, view } = graph;
    const rows = metric === "cosine" ? normalizedRows(documents, dim) : documents;
    copyRows(rows, 0, size, dim, memory.floats(view.rows, (size * view.stride) / 4));
    memory.ints(view.lowest, size * 2 * connectivity).fill(-1);
    memory.ints(view.upper, graph.blocks * connectivity).fill(-1);
    memory.ints(view.twins, size).fill(-1);
    graph.encode();
    graph.reserve(expansionAdd, 1);
    const mark = memory.mark();
    const drawn = memory.allocate(size);
    memory.bytes(drawn, size).set(layers);
    for (let from = 0; from < size; from += ADD_AT_ONCE) {
      const to = Math.min(size, from + ADD_AT_ONCE);
      kernel.addDocuments(from, to, drawn, expansionAdd);
      onProgress?.(to, size);
    }
    memory.release(mark);
    graph.enterAt(kernel.entryPoint());
    return graph;
  }

  static fromFile(file: IndexFile, shape: GraphShape, entry: number, threads: number): CodeGraph {
    const graph = new CodeGraph(shape, file.section("layers"), threads);
    const { memory, view, blocks } = graph;
    const { size, connectivity } = shape;
    const into = (name: string, at: number, bytes: number): void => {
      if (bytes > 0) file.read(name, (from, length) => memory.bytes(at + from, length));
    };
    into("vectors", view.rows, size * view.stride);
    into("lowest", view.lowest, size * 8 * connectivity);
    into("upper", view.upper, blocks * 4 * connectivity);
    into("twins", view.twins, size * 4);
    graph.encode();
    graph.enterAt(entry);
    return graph;
  }

  get memoryBytes(): number {
    return this.memory.memory.buffer.byteLength;
  }

  ask(queries: Float32Array, ask: number): Promise<GraphAnswers> {
    const run = this.queue.then(() => this.run(queries, ask));
    this.queue = run.catch(() => undefined);
    return run;
  }

  readonly scan = (query: Float32Array, k: number, allowed: (id: number) => boolean): GraphAnswers => {
    const { memory, kernel, view } = this;
    const { size, dim, metric, rows, stride } = view;
    const [region] = this.reserve(1, 1);
    memory.floats(region!.query, dim).set(metric === "cosine" ? normalizedRows(query, dim) : query);
    const best = new TopK(k);
    for (let id = 0; id < size; id++)
      if (allowed(id))
        best.offer(
          id,
          kernel.scoreOf(region!.query, rows + id * stride, stride, metric === "euclidean" ? 1 : 0),
        );
    const answers = { ids: new Int32Array(k), scores: new Float32Array(k) };
    best.drainInto(answers.ids, answers.scores, 0);
    return answers;
  };

  sections(): ReturnType<NeighbourGraph["sections"]> {
    const { memory, view, layers, blocks } = this;
    const { size, connectivity } = view;
    return {
      header: { entry: view.entry },
      sections: {
        layers: [layers],
        lowest: [memory.bytes(view.lowest, size * 8 * connectivity)],
        upper: [memory.bytes(view.upper, blocks * 4 * connectivity)],
        twins: [memory.bytes(view.twins, size * 4)],
        vectors: [memory.bytes(view.rows, size * view.stride)],
      },
      done: () => {},
    };
  }

  async close(): Promise<void> {
    await this.queue;
    await this.pool.close();
  }

  private async run(queries: Float32Array, ask: number): Promise<GraphAnswers> {
    const { dim, metric, size } = this.view;
    const count = queries.length / dim;
    const expansion = Math.min(size, Math.max(ask, this.shape.expansionSearch));
    this.candidates += count * expansion;
    const parallel =
      this.threads > 1 && count >= 4 * QUERIES_PER_ITEM && this.candidates >= CANDIDATES_TO_START;
    const rows = metric === "cosine" ? normalizedRows(queries, dim) : queries;
    const shared = (bytes: number) => (parallel ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    const task: GraphTask = {
      ...{ count, ask, expansion },
      queries: parallel ? new Float32Array(shared(rows.byteLength)) : rows,
      ids: new Int32Array(shared(count * ask * 4)).fill(-1),
      scores: new Float32Array(shared(count * ask * 4)).fill(-Infinity),
      next: new Int32Array(new SharedArrayBuffer(4)),
    };
    if (parallel) task.queries.set(rows);
    const { kernel, memory, view } = this;
    const regions = this.reserve(expansion, parallel ? this.threads : 1);
    if (parallel) {
      const requests = regions.map((region) => ({ task, region }));
      await this.pool.run(requests, () => {});
    } else for (const _ of runGraphItems(task, view, kernel, memory.memory, regions[0]!));
    return { ids: task.ids, scores: task.scores };
  }

  private encode(): void {
    const { rows, size, stride, codes, codeStride, factors, biases } = this.view;
    this.kernel.encodeDocuments(rows, size, stride, codes, codeStride, factors, biases);
  }

  private enterAt(entry: number): void {
    this.view.entry = entry;
    this.view.topLayer = entry < 0 ? 0 : this.layers[entry]!;
    this.reserve(this.shape.expansionSearch, 1);
    openGraphRegion(this.kernel, this.view, this.regions[0]!);
  }

  /** Regions of so many threads for searches that keep so many candidates. */
  private reserve(expansion: number, threads: number): GraphRegion[] {
    const { memory, kernel, view } = this;
    const { codeStride, connectivity, size, stride } = view;
    const scratch = () =>
      memory.allocate(kernel.scratchBytes(codeStride, 2 * connectivity, this.mostExpansion));
    if (expansion > this.mostExpansion) {
      this.mostExpansion = expansion;
      for (const region of this.regions)
        Object.assign(region, { scratch: scratch(), mostExpansion: expansion });
      if (this.regions[0]) openGraphRegion(kernel, view, this.regions[0]);
    }
    while (this.regions.length < threads) {
      const region = { marks: memory.allocate(size), query: memory.allocate(stride), scratch: scratch() };
      memory.bytes(region.marks, size).fill(0);
      memory.bytes(region.query, stride).fill(0);
      const { mostExpansion } = this;
      if (this.regions.push({ ...region, mostExpansion }) === 1)
        openGraphRegion(kernel, view, this.regions[0]!);
    }
    return this.regions.slice(0, threads);
  }
}
