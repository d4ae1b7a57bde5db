import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/config/load-config.js";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import { encodeAll } from "../../lib/encoders/encode-all.js";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random.js";
import { batchMarginMse, rankingDistillation } from "../../lib/losses/score-distillation.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import { exactSearch } from "../../lib/retrieval/exact-search.js";
import { distill, teacherScores } from "../../lib/training/distill.js";
import { distillRun } from "../../lib/training/distill-run.js";
import type { PairSet } from "../../lib/training/pairs.js";
import type { RunFolder } from "../../lib/training/run-folder.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "./tiny-dataset.js";

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

const student = () =>
  createEncoder(
    {
      kind: "TwoTower",
      textEmbedding: { numEmbeddings: 13, embeddingDim: 16 },
      hiddenLayers: [],
      outputDim: 8,
      queryTextFeature: "text",
      documentTextFeature: "text",
    },
    new Random(2),
  );

const adam = () =>
  createOptimizer({ kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, learningRate: 0.02 } as never);

describe("distill", () => {
  beforeAll(async () => void (await selectBackend("wasm")));

  for (const [name, loss] of [
    ["ranking", rankingDistillation({ temperature: 0.1, teacherTemperature: 0.1 })],
    ["margins", batchMarginMse()],
  ] as const)
    it(`teaches a bag-of-embeddings tower the teacher's neighbours (${name})`, async () => {
      const { pairs, teacher } = problem();
      const overlap = (embeddings: Float32Array) => {
        const top = (documents: Float32Array, width: number) =>
          exactSearch({ documents, dim: width, queries: documents, k: 6 }).ids;
        const [a, b] = [top(embeddings, 8), top(teacher.documents, dim)];
        let shared = 0;
        for (let q = 0; q < count; q++)
          for (let i = 0; i < 6; i++) if (b.subarray(q * 6, q * 6 + 6).includes(a[q * 6 + i]!)) shared++;
        return shared / (count * 6);
      };
      const encoder = student();
      const before = overlap(encodeAll(encoder, pairs.queries, "query"));
      const losses = await distill({
        student: encoder,
        teacher,
        pairs,
        loss,
        optimizer: adam(),
        batchSize: 20,
        epochs: 60,
        random: new Random(3),
      });
      expect(losses.at(-1)!).toBeLessThan(losses[0]! / 4);
      expect(overlap(encodeAll(encoder, pairs.queries, "query"))).toBeGreaterThan(before + 0.1);
      encoder.dispose();
    });

  it("fills batches with the teacher's neighbours where asked, no document twice, and learns from them too", async () => {
    const { pairs, teacher } = problem();
    const nearest = exactSearch({ documents: teacher.documents, dim, queries: teacher.documents, k: 5 }).ids;
    const run = async (groups?: { nearest: Int32Array; count: number; groupSize: number }) => {
      const encoder = student();
      const ranking = rankingDistillation({ temperature: 0.1, teacherTemperature: 0.1 });
      let near = 0; // pairs of documents in a batch that the teacher finds alike
      const losses = await distill({
        student: encoder,
        teacher,
        pairs,
        loss: (queries, documents, scores) => {
          expect(documents.shape[0]).toBe(20);
          for (let i = 0; i < 400; i++) if (scores[i]! > 0.9 && scores[i]! < 0.9999) near++;
          return ranking(queries, documents, scores);
        },
        optimizer: adam(),
        batchSize: 20,
        epochs: 20,
        random: new Random(3),
        ...(groups ? { groups } : {}),
      });
      encoder.dispose();
      return { near, losses };
    };
    const plain = await run();
    const grouped = await run({ nearest, count: 5, groupSize: 5 });
    expect(grouped.near).toBeGreaterThan(1.3 * plain.near);
    expect(grouped.losses.at(-1)!).toBeLessThan(grouped.losses[0]! / 2);
  });

  it("refuses embeddings of other texts and batches that cannot be", async () => {
    const { pairs, teacher } = problem();
    const encoder = student();
    const options = {
      student: encoder,
      teacher,
      pairs,
      loss: batchMarginMse(),
      optimizer: adam(),
      epochs: 1,
      random: new Random(1),
    };
    await expect(distill({ ...options, batchSize: 61 })).rejects.toThrow(/\[2, 60\], got 61/);
    const short = { ...teacher, queries: new Float32Array(5) };
    await expect(distill({ ...options, batchSize: 4, teacher: short })).rejects.toThrow(
      /queries must be \[60, 6\]/,
    );
    encoder.dispose();
  });
});

describe("teacherScores", () => {
  it("are the dot products of the chosen rows", () => {
    const teacher = { queries: Float32Array.of(1, 0, 0, 2), documents: Float32Array.of(3, 4, 5, 6), dim: 2 };
    expect(Array.from(teacherScores(teacher, Int32Array.of(1, 0), Int32Array.of(0, 1)))).toEqual([
      8, 12, 3, 5,
    ]);
  });
});

describe("distillRun", () => {
  it("writes a run like any other that follows its teacher, and keeps the teacher's embeddings", async () => {
    const tiny = tinyDataset();
    const teacher = await train(loadConfig(tiny.config(), ["run_id=teacher"]));
    const student = (id: string) => loadConfig(tiny.config(), [`run_id=${id}`, "seed=4", "num_epochs=4"]);
    const run = await distillRun(student("student"), { teacher: teacher.dir, teaching: "ranking" });
    const losses = run.metrics().filter(({ name }) => name === "AverageLoss/train");
    expect(losses).toHaveLength(4);
    expect(losses[3]!.value).toBeLessThan(losses[0]!.value / 2);
    expect(run.manifest()).toMatchObject({ kind: "dense", status: "finished", seed: 4 });
    const recall = (of: RunFolder) =>
      of.queries().reduce((sum, { values }) => sum + values["Recall@5"]!, 0) / of.queries().length;
    const untrained = await train(loadConfig(tiny.config(), ["run_id=untrained", "seed=4", "num_epochs=0"]));
    expect(recall(run)).toBeGreaterThan(recall(untrained) + 0.2);
    const kept = fs.readdirSync(path.join(teacher.dir, "embeddings"));
    expect(kept.filter((name) => name.startsWith("training-"))).toHaveLength(2);

    const both = await distillRun(student("both"), { teacher: teacher.dir, teaching: "margins", labels: 1 });
    expect(both.manifest().engine).toContain("margins, labels 1");
    await expect(
      distillRun(student("other"), { teacher: teacher.dir, teaching: "rank" as never }),
    ).rejects.toThrow('unknown teaching "rank"; known: ranking, margins');
    fs.rmSync(tiny.root, { recursive: true, force: true });
  });
});
