// Exhaustive search, clusters and HNSW on a run's embeddings of SciFact's abstracts: recall against exhaustive, nDCG@10, latency.
//   node --import tsx bench/scifact-indexes.ts [RUN_DIR] [ROUNDS]
// Needs a run of configs/scifact/minilm.yaml or minilm-tuned.yaml.
import { compareIndexes, indexTrials } from "../lib/evaluation/compare-indexes.js";

const run = process.argv[2] ?? "reports/runs/scifact/minilm";
const rounds = Number(process.argv[3] ?? 5);
for (const { name, recall, quality, ...facts } of await compareIndexes(run, indexTrials([10, 144]), {
  set: "test",
  measure: "nDCG@10",
  rounds,
}))
  console.log(
    `${name.padEnd(24)} recall@10 ${recall.toFixed(3)}  nDCG@10 ${quality.mean.toFixed(3)} [${quality.low.toFixed(3)}, ${quality.high.toFixed(3)}]  ${facts.medianMs.toFixed(3)} ms a query  built in ${facts.buildSeconds.toFixed(2)} s  ${(facts.memoryBytes / 2 ** 20).toFixed(1)} MiB`,
  );
process.exit(0);
