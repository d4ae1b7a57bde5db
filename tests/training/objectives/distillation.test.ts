import fs from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../../lib/encoders/create-encoder.js";
import { encodeAll } from "../../../lib/encoders/encode-all.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { loadConfig } from "../../../lib/experiment/load-config.js";
import { epochOrder, type PairSet, pairBatch } from "../../../lib/experiment/pairs.js";
import { distillationSection } from "../../../lib/experiment/sections/distillation.js";
import { createOptimizer } from "../../../lib/optimizers/create-optimizer.js";
import { exactSearch } from "../../../lib/retrieval/indexes/exact-search.js";
import type { RunFolder } from "../../../lib/tracking/run-folder.js";
import { pairTask } from "../../../lib/training/objectives/batch-task.js";
import { DistillationObjective } from "../../../lib/training/objectives/distillation-objective.js";
import { narrowed } from "../../../lib/training/objectives/teacher-embeddings.js";
import { train } from "../../../lib/training/train.js";
import { Trainer } from "../../../lib/training/trainer.js";
import { referenceCosines } from "../../support/reference-losses.js";
import { tinyDataset } from "../../support/tiny-dataset.js";

const dim = 6;
const count = 60;

/** Texts are bags of two of twelve words; the teacher's vector of a text is the sum of its words' vectors. */
function problem() {
  const random = new Random(9);
  const words = Array.from({ length: 13 }, () => Array.from({ length: dim }, () => random.normal()));
  const ids = Int32Array.from({ length: count * 2 }, () => 1 + random.int(12));
  const vectors = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const sum = words[ids[2 * i]!]!.map((x, d) => x + words[ids[2 * i + 1]!]![d]!);
    const norm = Math.hypot(...sum);
    vectors.set(
      sum.map((x) => x / norm),
      i * dim,
    );
  }
  const column = { kind: "text" as const, ids, length: 2 };
  const own = Int32Array.from({ length: count }, (_, i) => i);
  const pairs: PairSet = {
    queries: { size: count, columns: { text: column } },
    documents: { size: count, columns: { text: column } },
    queryOf: own,
    documentOf: own,
  };
  return { pairs, teacher: { queries: vectors, documents: vectors, dim } };
}

const student = (outputDim: number) =>
  createEncoder(
    {
      kind: "TwoTower",
      textEmbedding: { numEmbeddings: 13, embeddingDim: 16 },
      hiddenLayers: [],
      outputDim,
      queryTextFeature: "text",
      documentTextFeature: "text",
    },
    new Random(2),
  );

const settings = (given: Record<string, number>) =>
  distillationSection.parse({
    teacher: "none",
    ranking: 0,
    temperature: 0.1,
    teacher_temperature: 0.1,
    ...given,
  })!;

const noLabels = () => {
  throw new Error("labels must not be heard");
};

describe("DistillationObjective", () => {
  beforeAll(async () => void (await selectBackend("wasm")));

  for (const [name, weights, outputDim] of [
    ["ranking", { ranking: 1 }, 8],
    ["margins", { margins: 1 }, 8],
    ["embeddings", { embeddings: 1 }, dim],
    ["embeddings cut to four of six axes", { embeddings: 1 }, 4],
  ] as const)
    it(`teaches a bag of embeddings the teacher's neighbours (${name})`, () => {
      const { pairs, teacher } = problem();
      const encoder = student(outputDim);
      const overlap = () => {
        const top = (documents: Float32Array, width: number) =>
          exactSearch({ documents, dim: width, queries: documents, k: 6 }).ids;
        const a = top(encodeAll(encoder, pairs.queries, "query"), outputDim);
        const b = top(teacher.documents, dim);
        let shared = 0;
        for (let q = 0; q < count; q++)
          for (let i = 0; i < 6; i++) if (b.subarray(q * 6, q * 6 + 6).includes(a[q * 6 + i]!)) shared++;
        return shared / (count * 6);
      };
      const before = overlap();
      const optimizer = createOptimizer({
        ...{ kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, learningRate: 0.02 },
      } as never);
      const objective = new DistillationObjective(null, noLabels, teacher, outputDim, settings(weights));
      const trainer = new Trainer(encoder, pairTask(noLabels, objective), optimizer);
      const random = new Random(3);
      const losses: number[] = [];
      for (let epoch = 0; epoch < 60; epoch++) {
        const order = epochOrder(count, random);
        let sum = 0;
        for (let s = 0; s < 3; s++) sum += trainer.trainStep(pairBatch(pairs, order, 20 * s, 20 * s + 20))!;
        losses.push(sum / 3);
        const [[told, value]] = Object.entries(objective.measurements()) as [[string, number]];
        expect(told).toBe(`Distillation/${Object.keys(weights)[0]}`);
        expect(value).toBeCloseTo(losses.at(-1)!, 5);
      }
      // four axes of six lose what the other two say
      expect(losses.at(-1)!).toBeLessThan(losses[0]! / (outputDim === 4 ? 2 : 4));
      expect(overlap()).toBeGreaterThan(before + 0.1);
      encoder.dispose();
    });

  it("adds labels with their weight to what the teacher says of every document of the step", () => {
    const { pairs, teacher } = problem();
    const encoder = student(8);
    const batch = pairBatch(pairs, Int32Array.of(0, 1, 2), 0, 3);
    const more = pairBatch(pairs, Int32Array.of(0, 1, 2, 7, 8), 0, 5);
    const inner = {
      weights: {},
      beginEpoch: () => "mined",
      prepare: () => ({
        documents: more.documents,
        documentIds: more.documentIds,
        loss: () => tf.scalar(10) as tf.Scalar,
      }),
      stepDone: () => {},
      measurements: () => ({ inner: 1 }),
      state: () => ({ kept: { shape: [1], data: Float32Array.of(4) } }),
      restore: () => {},
    };
    const given = settings({ margins: 2, labels: 0.5 });
    const objective = new DistillationObjective(inner, noLabels, teacher, 8, given);
    tf.tidy(() => {
      const { documents, loss } = objective.prepare(batch, 0);
      const [q, d] = [encoder.embedQueries(batch.queries), encoder.embedDocuments(documents)];
      const [own, wanted] = [
        referenceCosines(q.arraySync(), d.arraySync()),
        referenceCosines(
          [0, 1, 2].map((i) => [...teacher.queries.subarray(i * dim, i * dim + dim)]),
          [0, 1, 2, 7, 8].map((i) => [...teacher.documents.subarray(i * dim, i * dim + dim)]),
        ),
      ];
      let margins = 0;
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 5; j++)
          margins += (own[i]![i]! - own[i]![j]! - (wanted[i]![i]! - wanted[i]![j]!)) ** 2 / 12;
      expect(loss(q, d).dataSync()[0]).toBeCloseTo(2 * margins + 0.5 * 10, 5);
    });
    expect(objective.beginEpoch(0)).toBe("mined");
    expect(Object.keys(objective.measurements()).sort()).toEqual(["Distillation/margins", "inner"]);
    expect(objective.state()).toHaveProperty("kept");
    encoder.dispose();
  });
});

describe("narrowed", () => {
  it("keeps dot products where the vectors lie in so few dimensions, and refuses to widen", async () => {
    await selectBackend("wasm");
    const random = new Random(1);
    const flat = Float32Array.from({ length: 40 * 3 }, () => random.normal());
    const turn = Array.from({ length: 3 }, () => Array.from({ length: 8 }, () => random.normal()));
    const vectors = new Float32Array(40 * 8);
    for (let i = 0; i < 40; i++) {
      const row = Array.from({ length: 8 }, (_, d) =>
        [0, 1, 2].reduce((sum, k) => sum + flat[i * 3 + k]! * turn[k]![d]!, 0),
      );
      vectors.set(
        row.map((x) => x / Math.hypot(...row)),
        i * 8,
      );
    }
    const teacher = { queries: vectors.slice(0, 80), documents: vectors, dim: 8 };
    const three = narrowed(teacher, 3);
    const rows = (v: Float32Array, d: number) =>
      Array.from({ length: v.length / d }, (_, i) => [...v.subarray(i * d, i * d + d)]);
    const [wide, narrow] = [
      referenceCosines(rows(teacher.queries, 8), rows(vectors, 8)),
      referenceCosines(rows(three.queries, 3), rows(three.documents, 3)),
    ];
    for (let i = 0; i < 10; i++)
      for (let j = 0; j < 40; j++) expect(narrow[i]![j]).toBeCloseTo(wide[i]![j]!, 4);
    expect(narrowed(teacher, 8)).toBe(teacher);
    expect(() => narrowed(teacher, 9)).toThrow(/output_dim: must be at most the teacher's 8 .*, got 9/);
  });
});

describe("a run with a teacher", () => {
  const tiny = tinyDataset();
  afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));
  const recall = (of: RunFolder) =>
    of.queries().reduce((sum, { values }) => sum + values["Recall@5"]!, 0) / of.queries().length;

  it("follows it, keeps its embeddings, and ends with the same bytes after an interruption", async () => {
    const teacher = await train(loadConfig(tiny.config(), ["run_id=teacher"]));
    const config = (id: string, ...more: string[]) =>
      loadConfig(tiny.config(), [
        ...[`run_id=${id}`, "seed=4", "num_epochs=4", `distillation.teacher=${teacher.dir}`],
        ...more,
      ]);
    const run = await train(config("student"));
    const divergences = run.metrics().filter(({ name }) => name === "Distillation/ranking");
    expect(divergences).toHaveLength(4);
    expect(divergences[3]!.value).toBeLessThan(divergences[0]!.value / 2);
    expect(run.manifest()).toMatchObject({
      status: "finished",
      engine: "tfjs (distillation has no fused step)",
    });
    const untrained = await train(loadConfig(tiny.config(), ["run_id=untrained", "seed=4", "num_epochs=0"]));
    expect(recall(run)).toBeGreaterThan(recall(untrained) + 0.2);

    // documents are those that the teacher's evaluation searches, queries have a store of their own
    const kept = fs.readdirSync(path.join(teacher.dir, "embeddings"));
    expect(kept.filter((name) => name.startsWith("training-query-"))).toHaveLength(1);
    expect(kept.filter((name) => name.startsWith("training-document-"))).toHaveLength(0);
    const taught = teacher.timings().filter(({ name }) => name === "teach");
    expect(taught.map(({ count }) => count)).toEqual([84]); // not again for the second student

    const again = config("again");
    await train({ ...again, num_epochs: 2 });
    const resumed = await train(again);
    expect(fs.readFileSync(resumed.metricsFile)).toEqual(fs.readFileSync(run.metricsFile));
    expect(teacher.timings().filter(({ name }) => name === "teach")).toHaveLength(1);

    const both = await train(config("both", "distillation.labels=1", "distillation.embeddings=1"));
    const first = (of: RunFolder) => of.metrics().find(({ name }) => name === "AverageLoss/train")!.value;
    expect(first(both)).toBeGreaterThan(first(run) + 0.5);
    await expect(train(config("wide", "distillation.embeddings=1", "model.output_dim=32"))).rejects.toThrow(
      /at most the teacher's 16 .*, got 32/,
    );
    const other = JSON.parse(JSON.stringify(config("other")));
    other.dataset.document_features.pop();
    await expect(train(other)).rejects.toThrow(
      /must read the student's document columns \(document_name\), got .*teacher, which reads document_category_id, document_name/,
    );
    expect(fs.existsSync(path.join(tiny.root, "runs", "tiny", "other"))).toBe(false);
    await expect(train(config("lost", "distillation.teacher=nowhere"))).rejects.toThrow(
      "nowhere: must be a run folder, found none",
    );
    await expect(train(config("absent", "distillation.teacher=data/models/absent"))).rejects.toThrow(
      "found no data/models/absent; bring it with: npm run qdrl -- model import absent",
    );
  });

  it("must have something to follow, and a batch that the teacher can score", () => {
    const file = tiny.config({ distillation: { teacher: "t", ranking: 0 } });
    expect(() => loadConfig(file)).toThrow(/at least one of embeddings, ranking and margins/);
    const cached = tiny.config({ distillation: { teacher: "t" }, negatives: { type: "cache", size: 64 } });
    expect(() => loadConfig(cached)).toThrow(/must be batch with distillation/);
  });
});
