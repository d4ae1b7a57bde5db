import { batchEncoderOf } from "../encoders/batch-encoder.js";
import { defaultListener, type Listener } from "../engine/progress.js";
import { loadExperiment } from "../experiment/load-experiment.js";
import { encoderSpec } from "../experiment/specs.js";
import { UserError } from "../files/user-error.js";
import { bootstrapInterval, shownResampling } from "../metrics/bootstrap.js";
import { judgeRanking } from "../metrics/judged-ranking.js";
import { parseMeasure } from "../metrics/measure.js";
import { buildIndex, type IndexSpec } from "../retrieval/indexes/open-index.js";
import { openEncoder } from "../retrieval/retrievers/open-encoder.js";
import { diskRetrieverOf } from "../retrieval/retrievers/run-retriever.js";

/** An index to try, and what to call it. */
export interface IndexTrial {
  name: string;
  /** kind and options; dim and metric come from the run */
  index: { kind: IndexSpec["kind"]; [option: string]: unknown };
}

/**
 * Exhaustive search; for each number of clusters one of them and a tenth (at least two) searched; a graph, at two widths.
 */
export function indexTrials(clusterCounts: readonly number[]): IndexTrial[] {
  const clusters = (count: number, probes: number): IndexTrial => ({
    name: `clusters, ${probes} of ${count}`,
    index: { kind: "clusters", clusters: count, probes, restarts: 3 },
  });
  return [
    { name: "exhaustive", index: { kind: "exact" } },
    ...clusterCounts.flatMap((count) => [
      clusters(count, 1),
      clusters(count, Math.max(2, Math.round(count / 10))),
    ]),
    { name: "HNSW, efSearch 64", index: { kind: "hnsw" } },
    { name: "HNSW, efSearch 200", index: { kind: "hnsw", expansionSearch: 200 } },
  ];
}

/** How an index did on a run's embeddings. */
export interface IndexResult {
  name: string;
  /** share of the exhaustive k best that it finds, mean over queries */
  recall: number;
  /** mean of the measure and its 95 % bootstrap interval */
  quality: { mean: number; low: number; high: number };
  /** median over queries, asked one by one; wall clock */
  medianMs: number;
  buildSeconds: number;
  memoryBytes: number;
}

/**
 * Searches a run's embeddings through several indexes, with the queries of one of its evaluation sets.
 *
 * @param options.measure by name, e.g. nDCG@10
 * @param options.rounds  how often each query is asked, for the latency
 * @throws RangeError if the run has no such evaluation set
 */
export async function compareIndexes(
  dir: string,
  trials: readonly IndexTrial[],
  options: { set: string; measure: string; k?: number; rounds?: number; listener?: Listener },
): Promise<IndexResult[]> {
  const { k = 10, rounds = 3 } = options;
  const { documents, queries, dim, metric, judged } = await embeddingsOf(dir, options);
  const count = queries.length / dim;
  const answer = async (trial: IndexTrial["index"], repeat: number) => {
    const began = performance.now();
    const index = await buildIndex(documents, { dim, metric, ...trial } as IndexSpec);
    const buildSeconds = (performance.now() - began) / 1000;
    const found = new Int32Array(count * k);
    const times: number[] = [];
    for (let round = 0; round < repeat; round++)
      for (let q = 0; q < count; q++) {
        const start = performance.now();
        const { ids } = await index.search(queries.subarray(q * dim, (q + 1) * dim), k);
        times.push(performance.now() - start);
        found.set(ids, q * k);
      }
    const { memoryBytes } = index;
    await index.close();
    times.sort((a, b) => a - b);
    return { found, buildSeconds, memoryBytes, medianMs: times[times.length >> 1]! };
  };
  const truth = (await answer({ kind: "exact" }, 1)).found;
  const measure = parseMeasure(options.measure);
  const results: IndexResult[] = [];
  for (const { name, index } of trials) {
    const { found, ...facts } = await answer(index, rounds);
    let hits = 0;
    const values = Float64Array.from({ length: count }, (_, q) => {
      const ids = Array.from(found.subarray(q * k, (q + 1) * k)).filter((id) => id >= 0);
      const wanted = new Set(truth.subarray(q * k, (q + 1) * k));
      hits += ids.filter((id) => wanted.has(id)).length;
      return measure.compute(judgeRanking(ids, judged[q]!));
    });
    const quality = bootstrapInterval(values, shownResampling);
    results.push({ name, recall: hits / truth.length, quality, ...facts });
  }
  return results;
}

async function embeddingsOf(
  dir: string,
  { set: name, listener = defaultListener() }: { set: string; listener?: Listener },
) {
  const { run, config, encoder } = await openEncoder(dir, { listener });
  const data = await loadExperiment(config, listener, { training: false });
  const set = data.sets.find((candidate) => candidate.name === name);
  if (!set)
    throw new UserError(
      `compareIndexes: set must be one of ${data.sets.map((each) => each.name).join(", ")}, got "${name}"`,
    );
  const { encode_with: runtime, similarity: metric } = config.recall_validation;
  const dim = encoder.outputDim;
  const rows = data.features.queryFeatures.encode(set.queries.map(({ fields }) => fields));
  let documents: Float32Array;
  let queries: Float32Array;
  if (runtime === "onnx") {
    const { retriever, embedder } = diskRetrieverOf(run, config, encoder, data.features, { listener });
    await retriever.index(set.pool);
    documents = retriever.vectors();
    queries = await embedder.embed(rows, "query");
    retriever.close();
    await embedder.close();
  } else {
    const embed = batchEncoderOf(encoder, () => encoderSpec(config), runtime, listener, config.provider);
    documents = await embed(data.features.documentFeatures.encode(set.pool.items), "document");
    queries = await embed(rows, "query");
  }
  encoder.dispose();
  return { documents, queries, dim, metric, judged: set.queries.map(({ grades }) => grades) };
}
