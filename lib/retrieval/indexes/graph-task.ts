import type { GraphKernel } from "./graph-kernel.js";
import type { SharedMemory } from "./kernel-memory.js";
import type { SearchMetric } from "./search-options.js";

/** Where a code graph lies in its memory, in bytes. */
export interface GraphView {
  size: number;
  dim: number;
  metric: SearchMetric;
  /** M */
  connectivity: number;
  /** [size] rows of floats, `stride` bytes apart; of unit length for cosine */
  rows: number;
  stride: number;
  /** [size] rows of codes, `codeStride` bytes apart */
  codes: number;
  codeStride: number;
  /** [size] factors of the codes, and, for the Euclidean distance, −‖·‖²/2 of what they stand for; else 0 */
  factors: number;
  biases: number;
  /** [size, 2M] links of the lowest layer */
  lowest: number;
  /** [size] first block of a document's links above, −1: none; and the blocks, [·, M] */
  above: number;
  upper: number;
  /** [size] documents with equal codes, of which the first is linked for all; see graph.as */
  twins: number;
  entry: number;
  topLayer: number;
}

/** What one thread needs of its own: a mark per document, a query's row, and room for a search's candidates. */
export interface GraphRegion {
  marks: number;
  query: number;
  scratch: number;
  mostExpansion: number;
}

/** Queries that threads take in turn, by counting up `next`; each fills its own part of the answers. */
export interface GraphTask {
  /** [Q, D], of unit length for cosine */
  queries: Float32Array;
  count: number;
  /** answers per query */
  ask: number;
  /** efSearch, at least `ask` */
  expansion: number;
  /** [Q, ask] */
  ids: Int32Array;
  scores: Float32Array;
  next: Int32Array;
}

/** Queries taken at a time. */
export const QUERIES_PER_ITEM = 32;

export function openGraphRegion(
  kernel: GraphKernel,
  view: GraphView,
  { marks, scratch, mostExpansion }: GraphRegion,
): void {
  const { codes, codeStride, factors, biases, lowest, connectivity, above, upper, twins } = view;
  kernel.openGraph(
    ...([codes, codeStride, factors, biases, lowest, 2 * connectivity, above, upper, connectivity] as const),
    ...([twins, marks, view.size, view.entry, view.topLayer, scratch, mostExpansion] as const),
  );
}

/** Takes one item after the other until none is left: candidates by their codes, all of them scored by their floats. */
export function* runGraphItems(
  task: GraphTask,
  view: GraphView,
  kernel: GraphKernel,
  memory: SharedMemory,
  region: GraphRegion,
): Generator<number> {
  const { dim, stride, rows } = view;
  const { ask, count, queries, ids, scores } = task;
  const kind = view.metric === "euclidean" ? 1 : 0;
  const row = new Float32Array(memory.buffer, region.query, dim);
  const list = kernel.foundList();
  const floats = new Float32Array(memory.buffer, list, 2 * task.expansion);
  const integers = new Int32Array(memory.buffer, list, 2 * task.expansion);
  for (;;) {
    const from = Atomics.add(task.next, 0, 1) * QUERIES_PER_ITEM;
    if (from >= count) return;
    const to = Math.min(count, from + QUERIES_PER_ITEM);
    for (let q = from; q < to; q++) {
      row.set(queries.subarray(q * dim, (q + 1) * dim));
      const found = kernel.searchCodes(region.query, stride, task.expansion);
      kernel.rescore(list, found, region.query, rows, stride, kind);
      for (let i = 0; i < Math.min(found, ask); i++) {
        scores[q * ask + i] = floats[2 * i]!;
        ids[q * ask + i] = integers[2 * i + 1]!;
      }
    }
    yield to;
  }
}
