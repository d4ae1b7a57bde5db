// nDCG@10 on SciFact of all-MiniLM-L6-v2 as it is (MTEB reports .645) or of a tuned run, alone and joined with BM25.
//   node --import tsx bench/scifact-minilm.ts [RUN_DIR]
// Needs data/scifact (qdrl data import scifact) and data/models/all-MiniLM-L6-v2 (qdrl model import all-MiniLM-L6-v2).
import path from "node:path";
import { readItems } from "../lib/datasets/items.js";
import { readQueries } from "../lib/datasets/queries.js";
import { VectorStore } from "../lib/datasets/vector-store.js";
import { exportTransformer } from "../lib/encoders/onnx/export-transformer.js";
import { OnnxEncoder } from "../lib/encoders/onnx/onnx-encoder.js";
import { TransformerEncoder } from "../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random.js";
import { TokenReader } from "../lib/features/token-reader.js";
import { bootstrapInterval } from "../lib/metrics/bootstrap.js";
import { judgeRanking } from "../lib/metrics/judged-ranking.js";
import { ndcg } from "../lib/metrics/measures/ndcg.js";
import { Bm25Index } from "../lib/retrieval/bm25.js";
import { createAnalyzer } from "../lib/retrieval/text-analysis.js";
import { encodeCorpus, searchStore } from "../lib/training/encode-corpus.js";
import { openEncoder } from "../lib/training/open-encoder.js";
import { readTransformerFolder } from "../lib/training/pretrained/transformer-folder.js";

const runDir = process.argv[2];
const dataset = "data/scifact";
const modelDir = "data/models/all-MiniLM-L6-v2";
const K = 100;

await selectBackend("wasm");
const { items } = await readItems(path.join(dataset, "recall_validation_items_dataset/items.json"));
const { queries } = await readQueries(path.join(dataset, "recall_validation_queries_dataset/queries.json"));
const pretrained = readTransformerFolder(modelDir);
const name = runDir ? path.basename(runDir) : "all-MiniLM-L6-v2";
const encoder = runDir
  ? ((await openEncoder(runDir)).encoder as TransformerEncoder)
  : new TransformerEncoder(
      {
        ...pretrained,
        sides: "shared",
        queryTextFeature: "query_search_phrase",
        documentTextFeature: "document_text",
        initial: pretrained.weights,
      },
      new Random(1),
    );
const session = await OnnxEncoder.open(exportTransformer(encoder, "document"));
const reader = new TokenReader(pretrained.tokenizer, pretrained.maxLength);
const store = VectorStore.open(`.cache/scifact/${name}`, {
  dim: session.outputDim,
  rows: items.length,
  key: `scifact ${name} ${pretrained.maxLength}`,
});
const began = performance.now();
const before = store.rowsDone;
await encodeCorpus({
  store,
  features: (from, count) => ({
    size: count,
    columns: {
      document_text: reader.read(items.slice(from, from + count).map((item) => item["document_text"]!)),
    },
  }),
  embed: (batch) => session.encodeAll(batch),
  blockRows: 512,
  onProgress: (done, total) => console.log(`encoded ${done} of ${total}`),
});
const seconds = (performance.now() - began) / 1000;
if (store.rowsDone > before)
  console.log(`${((store.rowsDone - before) / seconds).toFixed(1)} documents/s, ${seconds.toFixed(0)} s`);

const claims = queries.map((query) => query.fields["query_search_phrase"]!);
const asked = await session.encodeAll({
  size: claims.length,
  columns: { document_text: reader.read(claims) },
});
const dense = searchStore(store, asked, K);
const analyze = createAnalyzer({ stopWords: "english", stemmer: "english", minLength: 2 });
const bm25 = Bm25Index.build(
  items.map((item) => analyze(item["document_text"]!)),
  { k1: 0.9, b: 0.4 },
);

const rows: [string, (q: number) => number[]][] = [
  [name, (q) => Array.from(dense.ids.subarray(q * K, (q + 1) * K))],
  ["BM25 (k1 0.9, b 0.4, stems)", (q) => Array.from(bm25.search(analyze(claims[q]!), K).ids)],
  ["both, reciprocal ranks (60)", (q) => fused([rows[0]![1](q), rows[1]![1](q)])],
];
for (const [system, ranking] of rows) {
  const values = Float64Array.from(queries, (query, q) => {
    const grades = new Map(
      Object.entries(query.grades ?? Object.fromEntries(query.relevantIds.map((id) => [id, 1]))),
    );
    const ids = ranking(q).map((row) => items[row]!["document_id"]!);
    return ndcg.compute(judgeRanking(ids, grades), { k: 10, gain: "linear" } as never);
  });
  const { mean, low, high } = bootstrapInterval(values, { seed: 1 });
  console.log(
    `${system}: nDCG@10 ${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}], ${values.length} queries`,
  );
}
await session.dispose();

/** Reciprocal rank fusion, Σ 1 / (60 + rank). */
function fused(rankings: number[][]): number[] {
  const scores = new Map<number, number>();
  for (const ranking of rankings)
    for (const [rank, id] of ranking.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (61 + rank));
  return [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([id]) => id);
}
