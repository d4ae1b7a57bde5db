// Exhaustive search, clusters and HNSW on a run's embeddings of SciFact's abstracts: recall against exhaustive, nDCG@10, latency.
//   node --import tsx bench/scifact-indexes.ts [RUN_DIR] [ROUNDS]
// Needs a run of configs/scifact-minilm.yaml, e.g. the one with num_epochs 0.
import { compareIndexes, type IndexTrial } from "../lib/training/compare-indexes.js";

const run = process.argv[2] ?? "reports/runs/scifact/minilm";
const rounds = Number(process.argv[3] ?? 5);
const clusters = (count: number, probes: number): IndexTrial => ({
  name: `clusters, ${probes} of ${count}`,
  index: { kind: "clusters", clusters: count, probes, restarts: 3 },
});
const trials: IndexTrial[] = [
  { name: "exhaustive", index: { kind: "exact" } },
  clusters(10, 1), // the course's
  clusters(10, 3),
  clusters(10, 10),
  clusters(144, 8),
  { name: "HNSW, efSearch 64", index: { kind: "hnsw" } },
  { name: "HNSW, efSearch 200", index: { kind: "hnsw", expansionSearch: 200 } },
];
for (const { name, recall, quality, ...facts } of await compareIndexes(run, trials, {
  set: "test",
  measure: "nDCG@10",
  rounds,
}))
  console.log(
    `${name.padEnd(24)} recall@10 ${recall.toFixed(3)}  nDCG@10 ${quality.mean.toFixed(3)} [${quality.low.toFixed(3)}, ${quality.high.toFixed(3)}]  ${facts.medianMs.toFixed(3)} ms a query  built in ${facts.buildSeconds.toFixed(2)} s  ${(facts.memoryBytes / 2 ** 20).toFixed(1)} MiB`,
  );
process.exit(0);
