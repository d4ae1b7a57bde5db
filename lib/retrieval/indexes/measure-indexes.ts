import { ClusterIndex } from "./cluster-index.js";
import { ExactIndex } from "./exact-index.js";
import { HnswIndex } from "./hnsw-index.js";
import { openIndexFile } from "./index-file.js";
import type { SearchMetric } from "./search-options.js";
import type { VectorIndex } from "./vector-index.js";

/** An index at one setting of what trades recall for speed. */
export interface MeasuredIndex {
  /** "HNSW" is followed by 8-bit codes */
  index: "exhaustive" | "HNSW" | "HNSW, float16" | "clusters";
  /** Such as "efSearch 64" or "8 of 300 clusters". */
  setting: string;
  /** Share of the exact k nearest that are found. */
  recall: number;
  /** Median time of one query asked alone, by one thread. */
  latencyMs: number;
  /** Queries a second of one thread when all are asked in one call. */
  queriesPerSecond: number;
  buildSeconds: number;
  memoryBytes: number;
  fileBytes: number;
}

/**
 * Measures every kind of index on the same documents and queries, by one thread: recall@k against exhaustive search,
 * latency and throughput, time to build, memory, and size on disk. Times are of this machine, at this moment.
 *
 * @param documents  [N, D]
 * @param queries    [Q, D]
 * @param options.folder   for the indexes' files; they stay
 * @param options.seconds  spent on each latency and on each throughput. Default 0.3
 */
export async function measureIndexes(
  documents: Float32Array,
  queries: Float32Array,
  options: {
    dim: number;
    folder: string;
    metric?: SearchMetric;
    k?: number;
    seconds?: number;
    expansions?: readonly number[];
    probes?: readonly number[];
    onProgress?: (done: number, total: number) => void;
  },
): Promise<MeasuredIndex[]> {
  const { dim, folder, metric = "cosine", k = 10, seconds = 0.3, onProgress } = options;
  const { expansions = [10, 16, 32, 64, 128, 256], probes = [1, 2, 4, 8, 16, 32, 64, 128] } = options;
  const measured: MeasuredIndex[] = [];
  const total = 1 + 2 * expansions.length + probes.length;
  const started = performance.now();
  const exact = ExactIndex.build(documents, { dim, metric, threads: 1 });
  let buildSeconds = (performance.now() - started) / 1000;
  const truth = (await exact.search(queries, k)).ids;
  const measure = async (
    index: VectorIndex,
    what: Pick<MeasuredIndex, "index" | "setting" | "buildSeconds" | "memoryBytes" | "fileBytes">,
  ) => {
    const { ids } = await index.search(queries, k);
    measured.push({
      ...what,
      recall: overlap(ids, truth, k),
      ...(await speed(index, queries, dim, k, seconds)),
    });
    onProgress?.(measured.length, total);
  };
  await measure(exact, {
    ...{ index: "exhaustive", setting: "all documents", buildSeconds },
    ...{ memoryBytes: exact.memoryBytes, fileBytes: exact.save(`${folder}/exact.index`) },
  });
  await exact.close();
  for (const precision of ["int8", "float16"] as const) {
    const began = performance.now();
    const graph = HnswIndex.build(documents, { dim, metric, precision });
    buildSeconds = (performance.now() - began) / 1000;
    const file = `${folder}/hnsw-${precision}.index`;
    const facts = { buildSeconds, memoryBytes: graph.memoryBytes, fileBytes: graph.save(file) };
    const name = precision === "int8" ? "HNSW" : "HNSW, float16";
    for (const expansionSearch of expansions)
      await measure(HnswIndex.fromFile(openIndexFile(file, "hnsw"), { expansionSearch, threads: 1 }), {
        ...{ index: name, setting: `efSearch ${expansionSearch}`, ...facts },
      });
  }
  const began = performance.now();
  const clusters = ClusterIndex.build(documents, { dim, metric });
  buildSeconds = (performance.now() - began) / 1000;
  const fileBytes = clusters.save(`${folder}/clusters.index`);
  for (const some of probes.filter((n) => n <= clusters.clusters)) {
    clusters.probes = some;
    const setting = `${some} of ${clusters.clusters} clusters`;
    const facts = { buildSeconds, memoryBytes: clusters.memoryBytes, fileBytes };
    await measure(clusters, { index: "clusters", setting, ...facts });
  }
  return measured;
}

function overlap(found: Int32Array, truth: Int32Array, k: number): number {
  let hits = 0;
  let wanted = 0;
  for (let at = 0; at < truth.length; at += k) {
    const right = new Set(truth.subarray(at, at + k).filter((id) => id >= 0));
    wanted += right.size;
    for (let i = at; i < at + k; i++) if (right.has(found[i]!)) hits++;
  }
  return hits / wanted;
}

async function speed(
  index: VectorIndex,
  queries: Float32Array,
  dim: number,
  k: number,
  seconds: number,
): Promise<Pick<MeasuredIndex, "latencyMs" | "queriesPerSecond">> {
  const count = queries.length / dim;
  const times: number[] = [];
  const until = performance.now() + seconds * 1000;
  for (let q = 0; performance.now() < until || q === 0; q++) {
    const began = performance.now();
    await index.search(queries.subarray((q % count) * dim, ((q % count) + 1) * dim), k);
    times.push(performance.now() - began);
  }
  const began = performance.now();
  let asked = 0;
  for (; performance.now() - began < seconds * 1000 || asked === 0; asked += count)
    await index.search(queries, k);
  const perSecond = (1000 * asked) / (performance.now() - began);
  return { latencyMs: times.sort((a, b) => a - b)[times.length >> 1]!, queriesPerSecond: perSecond };
}
