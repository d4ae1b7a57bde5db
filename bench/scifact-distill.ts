// What the bag-of-n-grams tower gains from a transformer on SciFact: labels alone, MiniLM's scores in their place, or both.
//   node --import tsx bench/scifact-distill.ts [TEACHER_RUN] [EPOCHS] [PART_OF_NAME]
// Writes run folders reports/runs/scifact/distilled-*. Needs an evaluated run of configs/scifact-minilm.yaml as teacher;
// its embeddings of queries are kept in .cache/scifact.
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { loadConfig } from "../lib/config/load-config.js";
import { VectorStore } from "../lib/datasets/vector-store.js";
import { createEncoder } from "../lib/encoders/create-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { Random } from "../lib/engine/random.js";
import type { FeatureBatch } from "../lib/features/batch.js";
import { takeRows } from "../lib/features/batch.js";
import { batchSoftmax } from "../lib/losses/batch-softmax.js";
import {
  batchMarginMse,
  rankingDistillation,
  type ScoreTeacherLoss,
} from "../lib/losses/score-distillation.js";
import { createOptimizer } from "../lib/optimizers/create-optimizer.js";
import { distill, type TeacherEmbeddings } from "../lib/training/distill.js";
import { OnnxEmbedder } from "../lib/training/embedder.js";
import { encodeCorpus } from "../lib/training/encode-corpus.js";
import { optimizerSpec } from "../lib/training/learning-specs.js";
import { loadExperiment } from "../lib/training/load-experiment.js";
import { openEncoder } from "../lib/training/open-encoder.js";
import { DenseRanker } from "../lib/training/rankers.js";
import { encoderSpec } from "../lib/training/specs.js";
import { writeRankings } from "../lib/training/write-rankings.js";

const teacherRun = process.argv[2] ?? "reports/runs/scifact/minilm";
const epochs = Number(process.argv[3] ?? 10);
const only = process.argv[4] ?? "";
const K = 100;

await selectBackend("wasm");
const config = loadConfig("configs/scifact.yaml", ["text_vectorizer.ngrams_limit=1200"]);
const { pairs, features, sets } = await loadExperiment(config, {});
const teacher = await teacherEmbeddings();

const labels = batchSoftmax({ temperature: 0.05 });
const ranking = rankingDistillation();
const both: ScoreTeacherLoss = (queries, documents, scores) => {
  const [own, taught] = [labels(queries, documents), ranking(queries, documents, scores)];
  return {
    value: tf.add(own.value, taught.value) as tf.Scalar,
    perExample: tf.add(own.perExample, taught.perExample) as tf.Tensor1D,
  };
};
const name = path.basename(teacherRun);
const systems: [string, string, ScoreTeacherLoss][] = [
  ["labels", "bag of n-grams, labels", (queries, documents) => labels(queries, documents)],
  ["kl", "bag of n-grams, MiniLM's ranking", ranking],
  ["margins", "bag of n-grams, MiniLM's margins", batchMarginMse()],
  ["both", "bag of n-grams, labels + MiniLM's ranking", both],
];
for (const [id, system, loss] of systems.filter(([each]) => each.includes(only))) {
  const began = performance.now();
  const random = new Random(1);
  const student = createEncoder(encoderSpec(config), random.fork("student"));
  const optimizer = createOptimizer(optimizerSpec(config));
  await distill({ student, teacher, pairs, loss, optimizer, batchSize: 64, epochs, random });
  const seconds = (performance.now() - began) / 1000;
  const ranker = new DenseRanker({ encoder: student, ...features });
  await ranker.index(sets[0]!.pool);
  const rankings = new Map();
  for (const set of sets) {
    const found = await ranker.rank(
      set.queries.map(({ fields }) => fields),
      K,
    );
    const ranked = set.queries.map((query, q): [string, { id: string; score: number }[]] => [
      query.id,
      Array.from(found[q]!.ids, (row, i) => ({ id: set.pool.ids[row]!, score: found[q]!.scores[i]! })),
    ]);
    rankings.set(set.name, new Map(ranked));
  }
  const run = await writeRankings(rankings, {
    system,
    taskId: "scifact",
    runId: `distilled-${id}-${name}`,
    datasetDir: config.dataset_dir,
    measures: ["nDCG@10"],
    source: { teacher: teacherRun, epochs, seconds: Math.round(seconds), loss: id },
  });
  const means = run.metrics().filter((m) => m.name.includes("nDCG@10"));
  console.log(
    `${system} (${name}): ${means.map((m) => `${m.name} ${m.value.toFixed(4)}`).join(", ")}; ${seconds.toFixed(0)} s`,
  );
  student.dispose();
}
process.exit(0);

/** The teacher's embeddings of the distinct training queries and documents, in the student's order. */
async function teacherEmbeddings(): Promise<TeacherEmbeddings> {
  const opened = await openEncoder(teacherRun);
  const { dataset, ...rest } = opened.config;
  const own = await loadExperiment(
    { ...rest, dataset: { ...dataset, document_pairs: config.dataset.document_pairs } },
    {},
  );
  for (const side of ["queryOf", "documentOf"] as const)
    if (own.pairs[side].join() !== pairs[side].join())
      throw new RangeError(`${teacherRun}: teacher must read the student's pairs, got others in ${side}`);
  const embedder = new OnnxEmbedder(opened.encoder, () => encoderSpec(opened.config));
  const dim = opened.encoder.outputDim;
  const embedded = async (batch: FeatureBatch, side: "query" | "document"): Promise<Float32Array> => {
    const store = VectorStore.open(`.cache/scifact/${name}-${side}`, {
      dim,
      rows: batch.size,
      key: teacherRun,
    });
    await encodeCorpus({
      store,
      features: (from, count) =>
        takeRows(
          batch,
          Array.from({ length: count }, (_, i) => from + i),
        ),
      embed: (part) => embedder.embed(part, side),
      blockRows: 256,
      onProgress: (done, total) => console.log(`teacher: ${done} of ${total} ${side}s`),
    });
    return store.rows(0, batch.size).slice();
  };
  const teacher = {
    queries: await embedded(own.pairs.queries, "query"),
    documents: await embedded(own.pairs.documents, "document"),
    dim,
  };
  await embedder.close();
  opened.encoder.dispose();
  return teacher;
}
