import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { writeJsonLines } from "../../../lib/datasets/json-lines.js";
import { writeParquet } from "../../../lib/datasets/parquet.js";
import { ParameterSet } from "../../../lib/encoders/parameter-set.js";
import { RegionEncoder } from "../../../lib/encoders/regions/region-encoder.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { valueAndGradients } from "../../../lib/engine/ops/gradients.js";
import { Random } from "../../../lib/engine/random/random.js";
import { loadAnyConfig } from "../../../lib/retrieval/retrievers/load-any-config.js";
import { readTaskRows } from "../../../lib/studies/kdd/files/task-rows.js";
import { FinishedSteps } from "../../../lib/studies/kdd/finished-steps.js";
import { GroupOptimizer, withPrefix } from "../../../lib/studies/kdd/group-optimizer.js";
import { kddSchema } from "../../../lib/studies/kdd/kdd-schema.js";
import { loadKddConfig } from "../../../lib/studies/kdd/load-kdd-config.js";
import { readWorkingData, workFiles } from "../../../lib/studies/kdd/prepare.js";
import { runKdd, runKddSeeds } from "../../../lib/studies/kdd/run-kdd.js";
import { snapshot } from "../../../lib/studies/kdd/workspace.js";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-kdd-run-"));
const COLOURS = ["red", "lime", "blue", "yellow", "purple", "black"];
const SHAPES: Record<string, string> = {
  square: '<rect x="8" y="8" width="48" height="48"/>',
  dot: '<circle cx="16" cy="16" r="14"/>',
  bar: '<rect x="4" y="40" width="56" height="16"/>',
};

/** A data set of 18 coloured shapes whose queries name colour and shape, with words in front that say nothing. */
function shapes(): string {
  const dir = path.join(root, "shapes");
  const items = COLOURS.flatMap((colour) =>
    Object.entries(SHAPES).map(([shape, drawing]) => ({
      document_id: `${colour}-${shape}`,
      document_name: `${colour} ${shape}`,
      document_group: shape,
      document_picture: `data:image/svg+xml;base64,${Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" fill="${colour}">${drawing}</svg>`).toString("base64")}`,
    })),
  );
  const rows = items.flatMap((item) =>
    ["nice", "cheap", "new", "big"].map((word) => [`${word} ${item.document_name}`, item.document_id]),
  );
  fs.mkdirSync(path.join(dir, "training_dataset"), { recursive: true });
  writeParquet(path.join(dir, "training_dataset", "part-00000.parquet"), {
    query_search_phrase: rows.map(([query]) => query!),
    document_id: rows.map(([, id]) => id!),
  });
  writeJsonLines(path.join(dir, "recall_validation_items_dataset", "items.json"), items);
  const queries = items.map((item) => ({
    query_search_phrase: `good ${item.document_name}`,
    relevant_document_ids: [item.document_id],
  }));
  writeJsonLines(path.join(dir, "recall_validation_queries_dataset", "queries.json"), queries);
  return dir;
}

const matching = { epochs: 2, batch_size: 16, image_rate: 1e-3, text_rate: 3e-3 };
const config = () =>
  kddSchema.parse({
    system: "kdd",
    seed: 1,
    data_dir: path.join(root, "task"),
    work_dir: path.join(root, "work"),
    generate: {
      dataset_dir: path.join(root, "shapes"),
      documents: 18,
      variants: 1,
      train_rows: 72,
      queries: 6,
      candidates: 12,
    },
    word_vectors: { type: "cooccurrence", dim: 24 },
    clusters: 4,
    image: {
      feature_dim: 64,
      max_regions: 6,
      box_hidden: 8,
      attention_heads: 4,
      forward_hidden: 32,
      weight_hidden: [8],
      projection_hidden: [48],
      label_heads: 2,
    },
    pretrain: { epochs: 25, batch_size: 24, learning_rate: 1e-2, hard_examples: 10, captions: 1, depth: 4 },
    model1: { ...matching, hidden: 8, weight_hidden: 12 },
    model2: matching,
  });

beforeAll(async () => void (await selectBackend("wasm")));

describe("the KDD Cup system", () => {
  it("runs from pictures to a submission, and finds coloured shapes better than chance", async () => {
    shapes();
    const lines: string[] = [];
    const report = (await runKdd(config(), { listener: { line: (text) => lines.push(text) } }))!;
    const rows = [...readTaskRows(path.join(root, "task", "testB.tsv"))];
    expect(rows).toHaveLength(6 * 12);
    const data = readWorkingData(path.join(root, "work"));
    expect(data.counts).toMatchObject({ pairs: 72, queries: 72, validationQueries: 6, malformedRows: 0 });
    expect(Object.values(data.queries)[0]).toMatchObject({ products: [expect.any(String)] });
    expect(Object.values(data.queries).every(({ query, lastWord }) => query.endsWith(` ${lastWord}`))).toBe(
      true,
    );
    const score = (prefix: string) => report.systems.find(({ name }) => name.startsWith(prefix))!;
    // 1 answer among 12: a random order scores about 0.25; six queries move that by about 0.15
    expect(score("Model 1").validation.mean).toBeGreaterThan(0.5);
    expect(score("Ensemble").validation.mean).toBeGreaterThanOrEqual(score("Model 1").validation.mean);
    expect(score("Ensemble").validation.mean).toBeGreaterThanOrEqual(score("Model 2").validation.mean);
    const submission = fs
      .readFileSync(workFiles(path.join(root, "work")).submission, "utf8")
      .trim()
      .split("\n");
    expect(submission).toHaveLength(7);
    expect(lines.some((line) => line.startsWith("exported the encoder"))).toBe(true);
  }, 60_000);

  it("repeats a step with the same bytes", async () => {
    const files = workFiles(path.join(root, "work"));
    const before = fs.readFileSync(files.predictions("test", 2), "utf8");
    await runKdd(config(), { steps: ["model2"] });
    expect(fs.readFileSync(files.predictions("test", 2), "utf8")).toBe(before);
  }, 60_000);

  it("goes on where it was stopped: what is finished stays, what its configuration changed is repeated", async () => {
    const files = workFiles(path.join(root, "work"));
    const before = fs.readFileSync(files.predictions("test", 1), "utf8");
    const lines: string[] = [];
    const changed = config();
    changed.model2.text_rate = 1e-3;
    const report = await runKdd(changed, { listener: { line: (text) => lines.push(text) } });
    expect(report!.systems).toHaveLength(6);
    const taken = lines.flatMap((line) => /^(\w+): finished before/.exec(line)?.[1] ?? []);
    expect(taken).toEqual(["prepare", "pretrain", "model1"]);
    expect(lines.filter((line) => /^model 2, epoch/.test(line))).toHaveLength(2);
    expect(fs.readFileSync(files.predictions("test", 1), "utf8")).toBe(before);
  }, 60_000);

  it("goes on after the last epoch of a training that was killed, to the same bytes", async () => {
    const files = workFiles(path.join(root, "work"));
    const results = [files.predictions("test", 1), files.model(1), files.metrics("model1")];
    const before = results.map((file) => fs.readFileSync(file));
    const dying = {
      line(text: string) {
        if (text.startsWith("model 1, epoch 2")) throw new Error("killed"); // its metrics are written, its checkpoint is not
      },
    };
    await expect(runKdd(config(), { steps: ["model1"], listener: dying })).rejects.toThrow("killed");
    const lines: string[] = [];
    await runKdd(config(), { listener: { line: (text) => lines.push(text) } });
    expect(lines.join("\n")).toMatch(/epoch-00001\.safetensors: going on after 1 epochs/);
    expect(lines.filter((line) => /^model 1, epoch/.test(line))).toHaveLength(1);
    expect(results.map((file) => fs.readFileSync(file))).toEqual(before);
  }, 60_000);

  it("adds epochs to a training, and uses another epoch of it without training again", async () => {
    const files = workFiles(path.join(root, "work"));
    const encoder = fs.readFileSync(files.encoder);
    const lines: string[] = [];
    const trained = async (changes: Partial<ReturnType<typeof config>["pretrain"]>) => {
      lines.length = 0;
      const base = config();
      const changed = { ...base, pretrain: { ...base.pretrain, ...changes } };
      await runKdd(changed, { steps: ["pretrain"], listener: { line: (text) => lines.push(text) } });
      return lines.flatMap((line) => Number(/^pre-training, epoch (\d+)/.exec(line)?.[1] ?? 0) || []);
    };
    expect(await trained({ epochs: 26 })).toEqual([26]);
    expect(await trained({ export_epoch: 2 })).toEqual([]);
    const second = fs.readFileSync(files.encoder);
    expect(await trained({ epochs: 24, export_epoch: 2 })).toEqual([]);
    expect(fs.readFileSync(files.encoder)).toEqual(second);
    expect(fs.readFileSync(files.metrics("pretrain"), "utf8").trim().split("\n")).toHaveLength(24);
    expect(await trained({})).toEqual([25]);
    expect(fs.readFileSync(files.encoder)).toEqual(encoder);
  }, 60_000);

  it("repeats the matching models alone with other seeds, on the same encoder and beside the first ones", async () => {
    const own = workFiles(path.join(root, "work"));
    const before = fs.readFileSync(own.predictions("test", 1), "utf8");
    const encoder = fs.readFileSync(own.encoder);
    const lines: string[] = [];
    const options = { matchingOnly: true, listener: { line: (text: string) => void lines.push(text) } };
    const taken = () => lines.splice(0).flatMap((line) => /^(\w+): finished before/.exec(line)?.[1] ?? []);
    const [report] = await runKddSeeds(config(), [5], options);
    expect(taken()).toEqual(["prepare", "pretrain"]);
    const other = workFiles(path.join(root, "work"), path.join(root, "work", "matching-5"));
    expect(report!.seed).toBe(5);
    expect(fs.readFileSync(own.predictions("test", 1), "utf8")).toBe(before);
    expect(fs.readFileSync(other.predictions("test", 1), "utf8")).not.toBe(before);
    expect(fs.readFileSync(other.submission, "utf8")).toContain("query-id,");
    expect(fs.readFileSync(other.encoder)).toEqual(encoder);
    await runKddSeeds(config(), [5], options);
    expect(taken()).toEqual(["prepare", "pretrain", "model1", "model2"]);
  }, 60_000);

  it("has one step's mark only when the step has come to its end, and none for other task files", () => {
    const steps = new FinishedSteps(config());
    expect(steps.has("pretrain")).toBe(true);
    steps.begin("pretrain");
    expect(new FinishedSteps(config()).has("pretrain")).toBe(false);
    steps.finish("pretrain");
    const file = path.join(root, "task", "train.tsv");
    const { atime, mtimeMs } = fs.statSync(file);
    fs.utimesSync(file, atime, new Date(mtimeMs + 5000));
    expect(new FinishedSteps(config()).has("pretrain")).toBe(false);
  });

  it("keeps a folder for each seed beside the same task files", async () => {
    const base = { ...config(), work_dir: path.join(root, "seeds") };
    expect(await runKddSeeds(base, [3], { steps: ["prepare"] })).toEqual([]);
    const [first, third] = ["work", "seeds/seed-3"].map((dir) => readWorkingData(path.join(root, dir)));
    expect(third!.pairs).toEqual(first!.pairs);
  });

  it("names the step that is missing", async () => {
    const fresh = { ...config(), work_dir: path.join(root, "fresh") };
    await expect(runKdd(fresh, { steps: ["pretrain"] })).rejects.toThrow("run the step prepare first");
    await expect(runKdd(fresh, { steps: ["ensemble"] })).rejects.toThrow("run the step model1 first");
  });

  it("names the key of a file that is not there", async () => {
    const fresh = { ...config(), work_dir: path.join(root, "fresh") };
    const words = { ...fresh, tokenizer: { type: "wordpiece" as const, vocabulary: "nowhere/vocab.txt" } };
    await expect(runKdd(words, { steps: ["prepare"] })).rejects.toThrow(
      "tokenizer.vocabulary: nowhere/vocab.txt: file must exist, found none",
    );
  });
});

describe("parameter groups", () => {
  it("move at their own rates, with decay, and leave the frozen ones alone", () => {
    const set = new ParameterSet("image", new Random(1));
    const options = {
      featureDim: 4,
      boxHidden: 3,
      attentionHeads: 2,
      forwardHidden: 6,
      weightHidden: [3],
      projectionHidden: [5],
      dim: 3,
      labelHeads: 1,
      dropout: 0,
    };
    const encoder = new RegionEncoder(options, set);
    const tuned = withPrefix(set.variables, ["image.weight.", "image.projection."]);
    const optimizer = new GroupOptimizer([
      { name: "image", weights: tuned, learningRate: 1e-2, weightDecay: 1e-6 },
    ]);
    const before = snapshot(set.variables);
    const random = new Random(2);
    const values = (count: number) => Float32Array.from({ length: count }, () => random.normal());
    optimizer.learningRate = 0.5;
    const all = { weights: set.variables, tables: {} };
    const { gradients } = valueAndGradients(() => {
      const input = {
        features: tf.tensor3d(values(24), [2, 3, 4]),
        boxes: tf.tensor3d(values(30), [2, 3, 5]),
      };
      return tf.sum(tf.square(encoder.embed({ ...input, counts: [3, 2] }, null).labels)) as tf.Scalar;
    }, all);
    optimizer.applyStep(all, gradients);
    const after = snapshot(set.variables);
    for (const [name, { data }] of Object.entries(after)) {
      const moved = data.map((x, i) => Math.abs(x - (before[name]!.data as Float32Array)[i]!));
      const most = Math.max(...moved);
      if (!(name in tuned)) expect(most, name).toBe(0);
      // Adam's first step is the rate itself wherever there is a gradient
      else if (name.endsWith("projection.1.weight")) expect(most).toBeCloseTo(5e-3, 4);
    }
    expect(Object.keys(tuned).length).toBeGreaterThan(3);
  });
});

describe("configurations of the system", () => {
  it("are told from experiments, both ways", () => {
    expect(() => loadKddConfig("configs/emoji/baseline.yaml")).toThrow(
      "configs/emoji/baseline.yaml: system must be kdd, got none; an experiment is run with: qdrl train configs/emoji/baseline.yaml",
    );
    expect(() => loadAnyConfig("configs/kdd/emoji.yaml")).toThrow(
      "run with: qdrl kdd configs/kdd/emoji.yaml",
    );
  });

  it("are refused where parts do not fit, by file and line", () => {
    const file = path.join(root, "kdd.yaml");
    fs.writeFileSync(file, fs.readFileSync("configs/kdd/emoji.yaml", "utf8"));
    const { margin, contrastive } = loadKddConfig(file, ["model1.contrastive.form=logistic"]).model1;
    expect(margin).toBe(0.9);
    expect(contrastive).toEqual({ form: "logistic", negatives: "hardest", reduction: "mean" });
    expect(() => loadKddConfig(file, ["model1.contrastive.form=square"])).toThrow(
      /model1\.contrastive\.form.*hinge.*logistic/,
    );
    expect(() => loadKddConfig(file, ["image.attention_heads=7", "model2.use_epoch=99"])).toThrow(
      /must divide image\.feature_dim \(64\), got 7\n.*must be at most model2\.epochs/,
    );
  });
});
