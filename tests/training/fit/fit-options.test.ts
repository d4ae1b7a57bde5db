import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { createEncoder } from "../../../lib/encoders/create-encoder.js";
import type { Encoder } from "../../../lib/encoders/encoder.js";
import { parametersOf } from "../../../lib/encoders/parameters.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { createOptimizer } from "../../../lib/optimizers/create-optimizer.js";
import { readCheckpoint } from "../../../lib/tracking/checkpoint.js";
import { trainingCheckpoint } from "../../../lib/training/callbacks/checkpoints.js";
import { type FitResult, fit } from "../../../lib/training/fit/fit.js";
import { documentData, type FitData, pairData } from "../../../lib/training/fit/fit-data.js";
import type { FitOptions } from "../../../lib/training/fit/fit-options.js";
import { fitKeys } from "../../../lib/training/fit/fit-schema.js";
import { tinyDataset } from "../../support/tiny-dataset.js";
import { classData, classDocuments, features, spec } from "./toy.js";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-fit-options-"));
const lines: string[] = [];
const base: FitOptions = {
  ...{ model: spec, trainData: classData(), loss: "triplet", epochs: 1, batchSize: 20, learningRate: 0.02 },
  ...{ progress: null, tell: (line) => lines.push(line) },
};
const texts = (prefix: string) =>
  Array.from({ length: 24 }, (_, i) => `${prefix}${i % 8} ${prefix}${(i + 3) % 8}`);
const pairs: FitOptions = {
  ...base,
  trainData: pairData(texts("q"), texts("d"), features),
  loss: "batch_softmax",
  batchSize: 8,
};
const tiny = tinyDataset();
const vectorizer = {
  type: "dictionary",
  dictionary_path: "tokens",
  word_unigrams_limit: 4,
  num_oov_tokens: 10,
};
const dataset = (): FitOptions => ({
  ...pairs,
  model: "TwoTower",
  trainData: { dataset: tiny.dir, vectorizer },
});
const run = (name: string) => path.join(root, "runs", "t", name);

/** Parameters as text; equal for equal trainings. */
const hash = ({ encoder }: { encoder: Encoder }) =>
  JSON.stringify(Object.values(parametersOf(encoder)).map(({ data }) => Array.from(data).slice(0, 400)));
let plain: FitResult;
let plainPairs: FitResult;

beforeAll(async () => {
  await selectBackend("wasm");
  plain = await fit(base);
  plainPairs = await fit(pairs);
});
afterAll(() => fs.rmSync(root, { recursive: true }));

const changes = async (more: object, of: FitOptions = base) =>
  expect(hash(await fit({ ...of, ...more } as FitOptions))).not.toBe(
    hash(of === base ? plain : of === pairs ? plainPairs : await fit(of)),
  );

/** What can be observed of each option; a new one is missing here until somebody adds it. */
const observed: Record<keyof FitOptions, () => Promise<unknown>> = {
  model: () => changes({ model: { ...spec, fcDim: 6 } }),
  modelOptions: async () => {
    const { encoder } = await fit({ ...dataset(), modelOptions: { outputDim: 7 } });
    expect(encoder.outputDim).toBe(7);
  },
  inputSize: async () => {
    const trainData = await Promise.all(
      Array.from({ length: 4 }, async (_, i) => ({
        blob: await sharp({
          create: { width: 32, height: 32, channels: 3, background: { r: 60 * i, g: 0, b: 0 } },
        })
          .png()
          .toBuffer(),
        tags: { finetuner_label: i % 2 },
      })),
    );
    const options: FitOptions = { ...base, model: "patches", trainData, batchSize: 4 };
    // patches of 8 pixels: 2 · 2 of them, 3 · 3 of them
    for (const [inputSize, patches] of [
      [16, 4],
      [[3, 24, 24], 9],
    ] as const) {
      const { encoder } = await fit({ ...options, inputSize });
      const position = Object.entries(encoder.weights).find(([name]) => name.endsWith("position"))![1];
      expect(position.shape[0]).toBe(patches);
    }
    await expect(fit({ ...dataset(), inputSize: 16 })).rejects.toThrow(
      "fit: pictureSize must be given with pictures only, got 16 for texts",
    );
  },
  trainData: () => changes({ trainData: classData(12, 2) }),
  evalData: async () => {
    expect((await fit({ ...base, evalData: classData(12, 9) })).history[0]!.validationLoss).toBeGreaterThan(
      0,
    );
    expect(plain.history[0]!.validationLoss).toBeNaN();
  },
  valSplit: async () =>
    expect((await fit({ ...base, valSplit: 0.5 })).history[0]!.validationLoss).toBeGreaterThan(0),
  csvOptions: async () => {
    const file = path.join(root, "a.csv");
    fs.writeFileSync(
      file,
      texts("q")
        .map((text, i) => `${text},${i % 3}`)
        .join("\n"),
    );
    const options = { ...base, model: "LinearEncoder", trainData: file };
    const labelled = await fit({ ...options, csvOptions: { isLabeled: true } });
    expect(labelled.engine).toContain("class data");
    const { engine } = await fit({ ...options, loss: "batch_softmax" });
    expect(engine).not.toContain("class data");
  },
  loss: () => changes({ loss: "siamese" }),
  lossOptions: () => changes({ lossOptions: { margin: 0.1 } }),
  miner: () => changes({ miner: "easy_hard_triplets" }),
  minerOptions: () =>
    changes(
      { miner: "easy_hard_triplets", minerOptions: { positive: "easy" } },
      { ...base, miner: "easy_hard_triplets" },
    ),
  negatives: () => changes({ negatives: { add: [{ type: "random", count: 4 }] } }, pairs),
  sampler: () => changes({ sampler: "random" }),
  itemsPerClass: () => changes({ itemsPerClass: 10 }),
  views: async () => {
    const trainData = documentData(
      classDocuments().map(({ text }) => ({ text: text! })),
      features,
    );
    const options = {
      ...base,
      model: { ...spec, kind: "RegularizedSimpleTextEncoder" },
      trainData,
      loss: "nt_xent",
    };
    await changes({ views: 4, loss: "sup_con" }, { ...options, loss: "sup_con" });
  },
  optimizer: () => changes({ optimizer: "sgd" }),
  optimizerOptions: () => changes({ optimizerOptions: { beta1: 0.5 } }),
  configureOptimizer: async () => {
    const own = { configureOptimizer: () => createOptimizer({ kind: "sgd", learningRate: 0.02 }) };
    expect(hash(await fit({ ...base, ...own }))).toBe(hash(await fit({ ...base, optimizer: "sgd" })));
  },
  learningRate: () => changes({ learningRate: 0.5 }),
  layerWiseDecay: () => changes({ optimizerOptions: { layer_wise_lr_decay: 0.5 } }),
  lossOptimizer: () =>
    changes({ lossOptimizer: { kind: "sgd", learningRate: 5 } }, { ...base, loss: "arc_face" }),
  lossOptimizerOptions: () =>
    changes(
      { lossOptimizer: "sgd", lossOptimizerOptions: { learning_rate: 5 } },
      { ...base, loss: "arc_face" },
    ),
  schedule: () => changes({ schedule: "linear" }),
  scheduleOptions: () =>
    changes({ schedule: "linear", scheduleOptions: { warmupSteps: 2 } }, { ...base, schedule: "linear" }),
  scheduleBy: () =>
    changes(
      { schedule: "linear", scheduleBy: "epoch", epochs: 2 },
      { ...base, schedule: "linear", epochs: 2 },
    ),
  epochs: () => changes({ epochs: 2 }),
  batchSize: async () => {
    await changes({ batchSize: 10 });
    const { batchSize } = await fit({ ...base, batchSize: "auto" });
    expect([16, 32, 64]).toContain(batchSize);
    // measuring leaves nothing behind, and a run folder that goes on keeps the size it was begun with
    const kept = { ...base, batchSize: "auto" as const, runDir: run("auto"), evaluation: heldOut() };
    const measured = await fit(kept);
    expect(hash(measured)).toBe(hash(await fit({ ...base, batchSize: measured.batchSize })));
    expect((await fit({ ...kept, epochs: 2 })).batchSize).toBe(measured.batchSize);
    expect(lines.some((line) => /^batch size \d+, of items a second by size 16: \d+/.test(line))).toBe(true);
  },
  callbacks: async () => {
    let epochs = 0;
    await fit({ ...base, callbacks: [{ name: "count", on: { epoch_end: () => void epochs++ } }] });
    expect(epochs).toBe(1);
  },
  progress: async () => {
    const events: string[] = [];
    const progress = { name: "mine", on: { fit_begin: () => void events.push("first") } };
    await fit({
      ...base,
      progress,
      callbacks: [{ name: "b", on: { fit_begin: () => void events.push("then") } }],
    });
    expect(events).toEqual(["first", "then"]);
  },
  clipNorm: () => changes({ clipNorm: 1e-6, optimizer: "sgd" }, { ...base, optimizer: "sgd" }),
  chunkSize: async () =>
    expect((await fit({ ...pairs, chunkSize: 3 })).engine).toContain("chunks have no fused step"),
  side: () =>
    changes(
      { side: "query", model: { ...spec, kind: "TwoTower" } },
      { ...base, model: { ...spec, kind: "TwoTower" } },
    ),
  emptyBatch: async () => {
    const miner = { kind: "triplet_margin", margin: 1e-9, type: "semihard" };
    expect((await fit({ ...base, miner })).epochsRun).toBe(1);
    await expect(fit({ ...base, miner, emptyBatch: "fail" })).rejects.toThrow("nothing to compare");
  },
  freeze: async () => {
    const { encoder } = await fit({ ...base, freeze: ["text"] });
    expect(hash({ encoder: { ...encoder, weights: {} } as Encoder })).toBe(
      hash({ encoder: { ...createEncoder(spec, new Random(0).fork("encoder")), weights: {} } as Encoder }),
    );
  },
  layerName: async () => {
    const model = { ...spec, kind: "TwoTower", hiddenLayers: [9] };
    expect((await fit({ ...base, model, layerName: "document.0" })).encoder.outputDim).toBe(9);
  },
  outputDim: async () => expect((await fit({ ...base, outputDim: 3 })).encoder.outputDim).toBe(3),
  projectionHead: async () =>
    expect((await fit({ ...base, projectionHead: { outputDim: 4 } })).encoder.parameterCount).toBe(
      plain.encoder.parameterCount + 6 * 6 + 4 * 6 + 6 * 4 + 4 * 4,
    ),
  preprocess: async () => {
    const documents = { ...base, model: "LinearEncoder", trainData: classDocuments() };
    const preprocess: FitOptions["preprocess"] = ({ text, ...rest }) => ({
      ...rest,
      text: text!.split(" ")[0]!,
    });
    await changes({ preprocess }, documents);
  },
  collate: async () => {
    const collate: FitOptions["collate"] = (documents) =>
      features.pipeline.encode(documents.map(({ text }) => ({ text: text! })));
    const { encoder } = await fit({ ...base, trainData: classDocuments(), collate });
    expect(hash({ encoder })).toBe(hash(plain));
    await expect(fit({ ...base, trainData: classDocuments() })).rejects.toThrow(
      "fit: collate must be given for documents and a model that is made",
    );
  },
  device: async () => {
    expect((await fit({ ...base, device: "cuda" })).device).toBe("cpu, wasm");
    expect(lines).toContain("device: cuda is not here, the CPU computes (wasm)");
  },
  numWorkers: async () => {
    const { engine, history } = await fit({ ...dataset(), numWorkers: 2 });
    expect(lines.some((line) => line.includes("streamed by 2 reader threads"))).toBe(true);
    expect(engine).toMatch(/^fused/);
    expect(history[0]!.trainLoss).toBeGreaterThan(0);
    await expect(fit({ ...base, numWorkers: 2 })).rejects.toThrow(
      "numWorkers must be 0 unless trainData names a data set",
    );
  },
  toOnnx: async () => {
    const { onnx } = await fit({ ...base, toOnnx: path.join(root, "onnx") });
    expect(onnx.map((file) => path.basename(file))).toEqual(["query.onnx", "document.onnx", "onnx.json"]);
    expect(onnx.every((file) => fs.existsSync(file))).toBe(true);
    await expect(fit({ ...base, toOnnx: true })).rejects.toThrow(
      "toOnnx must name a folder unless there is a runDir",
    );
  },
  report: async () => {
    expect(plain.report).toBeNull();
    expect((await fit({ ...base, valSplit: 0.3, report: true })).report).toHaveLength(9);
    await expect(fit({ ...base, report: true })).rejects.toThrow(
      "evalData or valSplit must be given for a report",
    );
  },
  seed: () => changes({ seed: 4 }),
  resume: async () => {
    await fit({ ...base, callbacks: [trainingCheckpoint({ saveDir: root })] });
    const resume = readCheckpoint(path.join(root, "saved_model_epoch_01"));
    expect((await fit({ ...base, epochs: 2, resume })).epochsRun).toBe(1);
  },
  engine: async () => expect((await fit({ ...pairs, engine: "tfjs" })).engine).toBe("tfjs (as configured)"),
  threads: async () =>
    expect((await fit({ ...pairs, model: { ...spec, outputDim: 8 }, threads: 1 })).engine).toBe(
      "fused, 1 thread",
    ),
  runDir: async () => {
    await fit({ ...base, runDir: run("a"), evaluation: heldOut() });
    expect(fs.existsSync(path.join(run("a"), "metrics.jsonl"))).toBe(true);
  },
  runName: () => named("mine"),
  experimentName: () => named("other"),
  description: async () => {
    await fit({ ...base, runDir: run("d"), evaluation: heldOut(), description: "why" });
    expect(parse(fs.readFileSync(path.join(run("d"), "fit.yaml"), "utf8")).description).toBe("why");
  },
  fresh: async () => {
    const options = { ...base, runDir: run("f"), evaluation: heldOut() };
    await fit(options);
    expect((await fit(options)).epochsRun).toBe(0);
    expect((await fit({ ...options, fresh: true })).epochsRun).toBe(1);
  },
  name: async () => {
    const { run: made } = await fit({ ...base, runDir: run("n"), evaluation: heldOut(), name: "Mine" });
    expect(made!.manifest().system).toBe("Mine");
  },
  evaluation: async () => {
    const { run: made } = await fit({ ...base, runDir: run("e"), evaluation: heldOut() });
    expect(made!.queries()[0]!.set).toBe("held");
  },
  evaluateBefore: async () => {
    const asked = { ...base, runDir: run("b"), evaluation: heldOut() };
    const { run: made } = await fit({ ...asked, evaluateBefore: true });
    const queries = (results: readonly { query: string }[] | null) => results?.map(({ query }) => query);
    expect(queries(made!.queriesBefore())).toEqual(queries(made!.queries()));
    expect(made!.metrics().filter(({ epoch }) => epoch < 0).length).toBeGreaterThan(0);
  },
  signal: async () => {
    const stop = new AbortController();
    const callbacks = [{ name: "stop", on: { train_batch_end: () => stop.abort() } }];
    expect((await fit({ ...base, callbacks, signal: stop.signal })).stopped).toBe("interrupted");
  },
  tell: async () => {
    const told: string[] = [];
    await fit({ ...base, device: "gpu", tell: (line) => told.push(line) });
    expect(told).toContain("device: gpu is not here, the CPU computes (wasm)");
  },
};

function heldOut(): NonNullable<FitOptions["evaluation"]> {
  const { items, labels } = classData() as Extract<FitData, { kind: "class" }>;
  return { held: { queryData: { items, labels } } };
}

async function named(runName: string): Promise<void> {
  const experimentName = `test-${process.pid}`;
  const { run: made } = await fit({ ...base, runName, experimentName, evaluation: heldOut() });
  expect(made!.dir).toBe(path.join("reports/runs", experimentName, runName));
  fs.rmSync(path.dirname(made!.dir), { recursive: true });
}

it.each(Object.keys(fitKeys))(
  "option %s changes what can be observed",
  async (key) => void (await observed[key as keyof FitOptions]()),
);

it("options are taken in the fine-tuner's spelling too", async () => {
  const { trainData, learningRate: learning_rate = 1 } = base;
  const spelled = await fit({
    ...{ model: spec, train_data: trainData, loss: "triplet", epochs: 1, batch_size: 20, learning_rate },
    ...{ scheduler: "linear", scheduler_options: {}, num_items_per_class: 10, progress: null },
  });
  expect(hash(spelled)).toBe(hash(await fit({ ...base, schedule: "linear", itemsPerClass: 10 })));
  await expect(fit({ ...base, batch_size: 3 } as never)).rejects.toThrow(
    "fit: batchSize must be given once, got batch_size too",
  );
});
