// What a bag-of-words tower gains from a transformer on SciFact: labels alone, titles as queries, and MiniLM's scores.
//   node --import tsx bench/scifact-distill.ts [EPOCHS] [SEEDS] [PART_OF_NAME]
// Needs what bench/scifact-minilm.ts needs, and its embeddings of the documents.
import path from "node:path";
import { readDictionary } from "../lib/datasets/dictionary-file.js";
import { readItems } from "../lib/datasets/items.js";
import { readQueries } from "../lib/datasets/queries.js";
import { readTrainingRows } from "../lib/datasets/training-rows.js";
import { VectorStore } from "../lib/datasets/vector-store.js";
import { createEncoder } from "../lib/encoders/create-encoder.js";
import { encodeAll } from "../lib/encoders/encode-all.js";
import { exportTransformer } from "../lib/encoders/onnx/export-transformer.js";
import { OnnxEncoder } from "../lib/encoders/onnx/onnx-encoder.js";
import { TransformerEncoder } from "../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random.js";
import { FeaturePipeline } from "../lib/features/feature-pipeline.js";
import { TokenReader } from "../lib/features/token-reader.js";
import { batchSoftmax } from "../lib/losses/batch-softmax.js";
import {
  batchMarginMse,
  rankingDistillation,
  type ScoreTeacherLoss,
} from "../lib/losses/score-distillation.js";
import { bootstrapInterval } from "../lib/metrics/bootstrap.js";
import { judgeRanking } from "../lib/metrics/judged-ranking.js";
import { parseMeasure } from "../lib/metrics/measure.js";
import { createOptimizer } from "../lib/optimizers/create-optimizer.js";
import { exactSearch } from "../lib/retrieval/exact-search.js";
import { DictionaryVectorizer } from "../lib/tokenizer/dictionary-vectorizer.js";
import { distill, type TeacherEmbeddings } from "../lib/training/distill.js";
import { encodeCorpus } from "../lib/training/encode-corpus.js";
import { buildPairs } from "../lib/training/pairs.js";
import { readTransformerFolder } from "../lib/training/pretrained/transformer-folder.js";

const epochs = Number(process.argv[2] ?? 20);
const only = process.argv[4]; // run the systems whose name holds this
const seeds = Number(process.argv[3] ?? 1);
const data = "data/scifact";
const K = 10;

await selectBackend("wasm");
const { items } = await readItems(path.join(data, "recall_validation_items_dataset/items.json"));
const { queries } = await readQueries(path.join(data, "recall_validation_queries_dataset/queries.json"));
const { columns: claims } = await readTrainingRows(data, "training", [
  "query_search_phrase",
  "document_text",
]);
const claimPairs = claims["query_search_phrase"]!.map((query, i) => [query, claims["document_text"]![i]!]);
const titlePairs = items.map((item) => [item["document_name"]!, item["document_text"]!]);

const vectorizer = new DictionaryVectorizer({
  dictionary: readDictionary(path.join(data, "token_dictionary"), "token"),
  numOovTokens: 2000,
  wordUnigramsLimit: 200,
  wordBigramsLimit: 0,
  charTrigramsLimit: 0,
});
const pipeline = (name: string) => new FeaturePipeline({ features: [{ name, type: "text" }], vectorizer });
const features = { query: pipeline("query"), document: pipeline("document") };
const pairsOf = (rows: string[][]) =>
  buildPairs(
    { query: rows.map(([query]) => query!), document: rows.map(([, document]) => document!) },
    { query: ["query"], document: ["document"] },
    features,
  );
const both = [...claimPairs, ...titlePairs];
const distinct = (column: number) => [...new Set(both.map((row) => row[column]!))];
const teacher = await teacherEmbeddings();

// the teacher's 8 nearest documents of each document, itself first
const nearest = exactSearch({
  documents: teacher.documents,
  dim: teacher.dim,
  queries: teacher.documents,
  k: 9,
}).ids;
const groups = { nearest, count: 9, groupSize: 8 };

type Choice = [TeacherEmbeddings, ScoreTeacherLoss, boolean?];
const systems: [string, string[][], (t: TeacherEmbeddings) => Choice][] = [
  ["claims, labels", claimPairs, () => [blank(claimPairs), labels]],
  ["claims and titles, labels", both, () => [blank(both), labels]],
  ["claims and titles, MiniLM's ranking (KL)", both, (t) => [t, rankingDistillation()]],
  ["claims and titles, MiniLM's margins (MSE)", both, (t) => [t, batchMarginMse()]],
  ["the same, neighbours in a batch, ranking (KL)", both, (t) => [t, rankingDistillation(), true]],
  ["the same, neighbours in a batch, margins (MSE)", both, (t) => [t, batchMarginMse(), true]],
  ["the same, neighbours in a batch, labels", both, () => [blank(both), labels, true]],
];
for (const [name, rows, choose] of systems.filter(([each]) => each.includes(only ?? ""))) {
  const perSeed: Float64Array[] = [];
  const began = performance.now();
  for (let seed = 1; seed <= seeds; seed++) {
    const random = new Random(seed);
    const student = createEncoder(
      {
        kind: "TwoTower",
        textEmbedding: { numEmbeddings: vectorizer.rows, embeddingDim: 256 },
        hiddenLayers: [],
        lastLinear: true,
        outputDim: 256,
        queryTextFeature: "query",
        documentTextFeature: "document",
      },
      random.fork("student"),
    );
    const optimizer = createOptimizer({
      kind: "adam",
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      learningRate: 0.003,
    } as never);
    const [target, loss, near] = choose(teacher);
    await distill({
      student,
      teacher: target,
      pairs: pairsOf(rows),
      loss,
      optimizer,
      batchSize: 64,
      epochs,
      random,
      ...(near ? { groups } : {}),
    });
    const documents = encodeAll(
      student,
      features.document.encode(items.map((i) => ({ document: i["document_text"]! }))),
      "document",
    );
    const asked = encodeAll(
      student,
      features.query.encode(queries.map((q) => ({ query: q.fields["query_search_phrase"]! }))),
      "query",
    );
    const { ids } = exactSearch({ documents, dim: student.outputDim, queries: asked, k: K });
    perSeed.push(
      Float64Array.from(queries, (query, q) => {
        const ranked = Array.from(ids.subarray(q * K, (q + 1) * K), (id) => items[id]!["document_id"]!);
        const grades = new Map(query.relevantIds.map((id) => [id, 1]));
        return parseMeasure("nDCG@10").compute(judgeRanking(ranked, grades));
      }),
    );
    student.dispose();
  }
  const values = perSeed[0]!.map((_, q) => perSeed.reduce((sum, each) => sum + each[q]!, 0) / seeds);
  const { mean, low, high } = bootstrapInterval(values, { seed: 1 });
  const seconds = (performance.now() - began) / 1000 / seeds;
  console.log(
    `${name}: nDCG@10 ${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}], ${queries.length} queries, ${seeds} seeds, ${seconds.toFixed(0)} s each`,
  );
}

/** In-batch softmax on the pairs themselves; the teacher is not heard. */
function labels(...[q, d]: Parameters<ScoreTeacherLoss>): ReturnType<ScoreTeacherLoss> {
  return batchSoftmax({ temperature: 0.05 })(q, d);
}

function blank(rows: string[][]): TeacherEmbeddings {
  const pairs = pairsOf(rows);
  return {
    queries: new Float32Array(pairs.queries.size),
    documents: new Float32Array(pairs.documents.size),
    dim: 1,
  };
}

/** MiniLM's embeddings of the distinct queries and documents of both kinds of pairs. */
async function teacherEmbeddings(): Promise<TeacherEmbeddings> {
  const store = VectorStore.read(".cache/scifact/all-MiniLM-L6-v2");
  const { dim } = store.header;
  const rowOf = new Map(items.map((item, row) => [item["document_text"]!, row]));
  const texts = distinct(1);
  const documents = new Float32Array(texts.length * dim);
  for (const [i, text] of texts.entries()) documents.set(store.rows(rowOf.get(text)!, 1), i * dim);
  const asked = distinct(0);
  const queryStore = VectorStore.open(".cache/scifact/all-MiniLM-L6-v2-queries", {
    dim,
    rows: asked.length,
    key: "scifact claims and titles",
  });
  if (!queryStore.complete) {
    const model = readTransformerFolder("data/models/all-MiniLM-L6-v2");
    const names = { queryTextFeature: "query", documentTextFeature: "document" };
    const encoder = new TransformerEncoder(
      { ...model, ...names, sides: "shared", initial: model.weights },
      new Random(1),
    );
    const session = await OnnxEncoder.open(exportTransformer(encoder, "query"));
    const reader = new TokenReader(model.tokenizer, model.maxLength);
    await encodeCorpus({
      store: queryStore,
      features: (from, size) => ({ size, columns: { query: reader.read(asked.slice(from, from + size)) } }),
      embed: (batch) => session.encodeAll(batch),
      onProgress: (done, total) => console.log(`teacher: ${done} of ${total} queries`),
    });
    await session.dispose();
    encoder.dispose();
  }
  return { queries: queryStore.rows(0, asked.length), documents, dim };
}
