import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder, registerEncoder } from "../../../lib/encoders/create-encoder.js";
import { parametersOf } from "../../../lib/encoders/parameters.js";
import { simpleTextEncoder } from "../../../lib/encoders/simple-text-encoder.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { evaluateRetrieval } from "../../../lib/evaluation/evaluate-retrieval.js";
import { registerLoss } from "../../../lib/losses/create-loss.js";
import { registerMiner } from "../../../lib/negatives/miners/create-miner.js";
import { packTriplets } from "../../../lib/negatives/miners/tuples.js";
import { createOptimizer, registerOptimizer } from "../../../lib/optimizers/create-optimizer.js";
import { registerSchedule } from "../../../lib/optimizers/create-schedule.js";
import { readCheckpoint } from "../../../lib/tracking/checkpoint.js";
import { wiseFt } from "../../../lib/training/callbacks/averages.js";
import type { Callback, TrainingEvent } from "../../../lib/training/callbacks/callback.js";
import { trainingCheckpoint } from "../../../lib/training/callbacks/checkpoints.js";
import { evaluationCallback } from "../../../lib/training/callbacks/evaluation.js";
import { fit } from "../../../lib/training/fit/fit.js";
import { drawBatches } from "../../../lib/training/fit/fit-batches.js";
import { documentData, type FitData, pairData } from "../../../lib/training/fit/fit-data.js";
import { documentKind } from "../../../lib/training/fit/fit-documents.js";
import type { FitOptions } from "../../../lib/training/fit/fit-options.js";
import { vector } from "../../support/vectors.js";
import { classData, features, sessionData, spec } from "./toy.js";

beforeAll(async () => void (await selectBackend("wasm")));

const scratch = () => fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-fit-"));
const common = { model: spec, learningRate: 0.02, epochs: 4, batchSize: 20, seed: 3 };
const bytes = (result: { encoder: Parameters<typeof parametersOf>[0] }) =>
  JSON.stringify(Object.values(parametersOf(result.encoder)).map(({ data }) => Array.from(data)));

describe("fit learns from every kind of data:", () => {
  const texts = (prefix: string) =>
    Array.from({ length: 24 }, (_, i) => `${prefix}${i % 8} ${prefix}${(i + 3) % 8}`);
  const cases: [string, FitOptions][] = [
    [
      "classes with triplets",
      { ...common, trainData: classData(), loss: "triplet", miner: "easy_hard_triplets" },
    ],
    ["classes with pairs", { ...common, trainData: classData(), loss: "siamese" }],
    [
      "classes with ArcFace and its own optimiser",
      {
        ...common,
        trainData: classData(),
        loss: { kind: "arc_face", scale: 8 },
        lossOptimizer: { kind: "sgd", learningRate: 0.1 },
      },
    ],
    ["classes with a supervised contrastive loss", { ...common, trainData: classData(), loss: "sup_con" }],
    [
      "classes with L-BFGS, which evaluates each batch again",
      {
        ...common,
        trainData: classData(),
        loss: { kind: "NormalizedSoftmaxLoss", temperature: 0.5 },
        optimizer: { kind: "LBFGS", maxIterations: 4 },
        learningRate: 0.3,
      },
    ],
    ["sessions", { ...common, trainData: sessionData(), loss: "triplet", batchSize: 12 }],
    [
      "pairs with CLIP's loss",
      {
        ...common,
        trainData: pairData(texts("q"), texts("d"), features),
        loss: { kind: "symmetric_softmax", temperature: 0.2, learnable: true },
        batchSize: 8,
      },
    ],
    [
      "scored pairs",
      {
        ...common,
        trainData: documentData(
          texts("a").map((text, i) => ({
            chunks: [{ text }, { text: `a${i % 8} b${i}` }],
            tags: { finetuner_score: (i % 4) / 3 },
          })),
          features,
        ),
        loss: "cosine_similarity",
        batchSize: 8,
      },
    ],
    [
      "pairs with a loss of labelled items, by its published name",
      {
        ...{ ...common, trainData: pairData(texts("q"), texts("d"), features), batchSize: 8 },
        ...{ loss: "TripletMarginLoss", lossOptions: { margin: 0.4 } },
      },
    ],
  ];
  it("classes, in batches with equally many items of each class drawn, however rare", async () => {
    const labels = Int32Array.from([...new Array(30).fill(0), ...new Array(30).fill(1), 2, 2, 3, 3]);
    const data = { ...classData(), labels } as Extract<FitData, { kind: "class" }>;
    const sampling = { sampler: "balanced" as const, batchSize: 6, itemsPerClass: 2 };
    const batches = drawBatches(data, sampling, new Random(3));
    expect(batches).toHaveLength(10);
    const drawn = new Set<number>();
    for (const batch of batches) {
      const counts = new Map<number, number>();
      for (const at of batch) counts.set(labels[at]!, (counts.get(labels[at]!) ?? 0) + 1);
      expect([...counts.values()]).toEqual([2, 2, 2]);
      for (const label of counts.keys()) drawn.add(label);
    }
    expect(drawn.size).toBe(4);
    const options = { ...common, trainData: classData(), loss: "siamese", batchSize: 8, itemsPerClass: 2 };
    const { history } = await fit({ ...options, sampler: "balanced" });
    expect(history[3]!.trainLoss).toBeLessThan(history[0]!.trainLoss);
    await expect(fit({ ...options, sampler: "balanced", itemsPerClass: 1 })).rejects.toThrow(
      "fit: a batch of 8 with 1 items per class needs 8 classes, got 5",
    );
  });

  it("pairs with random negatives and masks, remembered ones resumed", async () => {
    const trainData = pairData(texts("q"), texts("d"), features);
    const negatives = {
      mask: "known_positives" as const,
      add: [
        { type: "random" as const, count: 4 },
        { type: "memory" as const, size: 8, warmup_steps: 0 },
      ],
    };
    const options: FitOptions = {
      ...common,
      trainData,
      loss: { kind: "batch_softmax", temperature: 0.2 },
      negatives,
      batchSize: 8,
    };
    const whole = await fit(options);
    expect(whole.history[3]!.trainLoss).toBeLessThan(whole.history[0]!.trainLoss);
    const dir = scratch();
    await fit({ ...options, epochs: 2, callbacks: [trainingCheckpoint({ saveDir: dir })] });
    const resume = readCheckpoint(path.join(dir, "saved_model_epoch_02"));
    expect(bytes(await fit({ ...options, resume }))).toBe(bytes(whole));
  });

  it.each(cases)("%s", async (_name, options) => {
    const { history, epochsRun } = await fit(options);
    expect(epochsRun).toBe(4);
    expect(history[3]!.trainLoss).toBeLessThan(history[0]!.trainLoss);
  });

  it.each([
    ["pairs", cases[5]![1]],
    ["scored pairs", cases[6]![1]],
    ["labelled items", cases[1]![1]],
  ] as [string, FitOptions][])(
    "%s in chunks, with the numbers of the whole batch",
    async (_name, options) => {
      const whole = await fit({ ...options, optimizer: "sgd", epochs: 2 });
      const chunked = await fit({ ...options, optimizer: "sgd", epochs: 2, chunkSize: 3 });
      // float32 sums in another order
      for (const [i, { trainLoss }] of whole.history.entries())
        expect(chunked.history[i]!.trainLoss).toBeCloseTo(trainLoss, 4);
      const after = parametersOf(whole.encoder);
      for (const [name, { data }] of Object.entries(parametersOf(chunked.encoder)))
        data.forEach((value, i) => void expect(Math.abs(value - after[name]!.data[i]!)).toBeLessThan(1e-5));
    },
  );

  it("leaving frozen parameters as they are", async () => {
    const model = createEncoder(spec, new Random(5));
    const frozen = Object.keys(model.weights)[0]!;
    Object.assign(model, { frozen: new Set([frozen]) });
    const copy = () =>
      new Map(Object.entries(parametersOf(model)).map(([name, { data }]) => [name, Float32Array.from(data)]));
    const before = copy();
    await fit({ ...common, model, trainData: classData(), loss: "siamese" });
    for (const [name, data] of copy())
      expect(data.join() === before.get(name)!.join(), name).toBe(name === `weights/${frozen}`);
  });

  it("instances, as two dropout views of one item", async () => {
    const model = { ...spec, kind: "RegularizedSimpleTextEncoder", dropout: 0.2 };
    const items = Array.from({ length: 20 }, (_, i) => ({ text: `w${i} w${(i * 7) % 20} v${i}` }));
    const { history } = await fit({
      ...common,
      model,
      trainData: documentData(items, features),
      loss: { kind: "nt_xent", temperature: 0.1 },
      batchSize: 10,
    });
    expect(history[3]!.trainLoss).toBeLessThan(history[0]!.trainLoss);
  });
});

describe("fit", () => {
  it("fires events in the published order", async () => {
    const { inputs, expected } = vector("4-finetuner/callback_order");
    const seen: TrainingEvent[] = [];
    const events = [...new Set(expected as TrainingEvent[])];
    const spy = (name: string, log: (event: TrainingEvent) => void): Callback => ({
      name,
      on: Object.fromEntries(events.map((event) => [event, () => log(event)])),
    });
    const order: string[] = [];
    await fit({
      ...common,
      trainData: classData(4), // 20 items
      evalData: classData(2, 5),
      loss: "siamese",
      batchSize: 10,
      epochs: inputs.epochs,
      callbacks: [spy("a", (event) => void seen.push(event)), spy("b", () => void order.push("b"))],
      progress: spy("progress", () => void order.push("progress")),
    });
    expect(seen).toEqual(expected);
    expect(order.slice(0, 2)).toEqual(["progress", "b"]);
  });

  it("gives the same numbers for the same seed, and stopped and resumed ones too, callbacks included", async () => {
    const dir = scratch();
    const options: FitOptions = {
      ...common,
      trainData: classData(),
      loss: { kind: "arc_face", scale: 8 },
      optimizer: { kind: "lamb" },
      learningRate: 0.05,
      schedule: { kind: "cosine", totalSteps: 12, warmupSteps: 2 },
    };
    const whole = await fit(options);
    await fit({ ...options, epochs: 2, callbacks: [trainingCheckpoint({ saveDir: dir })] });
    const resume = readCheckpoint(path.join(dir, "saved_model_epoch_02"));
    const resumed = await fit({ ...options, resume });
    expect(resumed.epochsRun).toBe(2);
    expect(bytes(resumed)).toBe(bytes(whole));
    expect(bytes(await fit({ ...options, seed: 4 }))).not.toBe(bytes(whole));
  });

  it("raises quality on overlapping classes, and prints it before and after", async () => {
    const data = classData(16);
    if (data.kind !== "class") throw new Error("toy data must have classes");
    const evaluation = evaluationCallback({
      queryData: { items: data.items, labels: data.labels },
      querySide: "document",
      limit: 20,
    });
    await fit({
      ...common,
      epochs: 8,
      trainData: data,
      loss: "triplet",
      miner: "easy_hard_triplets",
      callbacks: [evaluation],
    });
    const rows = Object.fromEntries(evaluation.changes().map((row) => [row.measure, row]));
    for (const name of ["average_precision", "recall_at_k"]) {
      expect(rows[name]!.after, name).toBeGreaterThan(rows[name]!.before);
      expect(rows[name]!.change).toBeCloseTo(
        (rows[name]!.after - rows[name]!.before) / rows[name]!.before,
        10,
      );
    }
  });

  it("with weight interpolation α = 0 reproduces the measures before training exactly", async () => {
    const data = classData();
    if (data.kind !== "class") throw new Error("toy data must have classes");
    const encoder = createEncoder(spec, new Random(9));
    const queryData = { items: data.items, labels: data.labels };
    const before = evaluateRetrieval({ queryData, querySide: "document" }, encoder).means;
    await fit({ ...common, model: encoder, trainData: data, loss: "siamese", callbacks: [wiseFt(0)] });
    expect(evaluateRetrieval({ queryData, querySide: "document" }, encoder).means).toEqual(before);
  });

  it("ends at once when told so, and lets callbacks hear of it", async () => {
    const controller = new AbortController();
    const heard: string[] = [];
    const result = await fit({
      ...common,
      trainData: classData(),
      loss: "siamese",
      signal: controller.signal,
      callbacks: [
        {
          name: "c",
          on: {
            train_batch_end: () => controller.abort(),
            keyboard_interrupt: () => void heard.push("interrupt"),
          },
        },
      ],
    });
    expect([heard, result.stopped, result.epochsRun]).toEqual([["interrupt"], "interrupted", 0]);
    await expect(
      fit({
        ...common,
        trainData: classData(),
        loss: "siamese",
        callbacks: [
          {
            name: "c",
            on: {
              train_batch_end: () => {
                throw new RangeError("mine");
              },
              exception: (state) => void heard.push(state.error!.message),
            },
          },
        ],
      }),
    ).rejects.toThrow("mine");
    expect(heard).toEqual(["interrupt", "mine"]);
  });

  it("takes losses, miners, optimisers, schedules and encoders of one's own by name", async () => {
    registerMiner("first_three", "triplets", () => (_distances, { labels }) => {
      const p = labels.indexOf(labels[0]!, 1);
      const n = labels.findIndex((label) => label !== labels[0]);
      return packTriplets(p > 0 && n > 0 ? [[0, p, n]] : []);
    });
    registerOptimizer("slow_sgd", ({ learningRate }: { learningRate: number }) =>
      createOptimizer({ kind: "sgd", learningRate: learningRate / 2 }),
    );
    registerSchedule("halves", () => (step) => 0.5 ** step);
    registerEncoder("MyEncoder", simpleTextEncoder);
    registerLoss("mine", () => (queries, documents) => {
      const perExample = tf.sum(tf.squaredDifference(queries, documents), 1) as tf.Tensor1D;
      return { value: tf.mean(perExample) as tf.Scalar, perExample };
    });
    const { kind: _kind, ...modelOptions } = spec;
    const own = {
      model: "MyEncoder",
      modelOptions,
      optimizer: "slow_sgd",
      schedule: { kind: "halves" } as never,
    };
    const a = await fit({ ...common, ...own, trainData: classData(), loss: "triplet", miner: "first_three" });
    expect(a.epochsRun).toBe(4);
    const b = await fit({
      ...common,
      ...own,
      trainData: pairData(["a b", "c d", "e"], ["x", "y", "z"], features),
      loss: "mine",
      batchSize: 3,
    });
    expect(b.history[3]!.trainLoss).toBeLessThan(b.history[0]!.trainLoss);
  });
});

describe("fit refuses before training starts:", () => {
  const one = documentData(
    [
      { text: "a", tags: { finetuner_label: 1 } },
      { text: "b", tags: { finetuner_label: 1 } },
    ],
    features,
  );
  const singles = documentData(
    [1, 2, 3, 4].map((label) => ({ text: `w${label}`, tags: { finetuner_label: label } })),
    features,
  );
  const broken: [string, Partial<FitOptions>, string][] = [
    [
      "one class",
      { trainData: one, loss: "siamese", batchSize: 2 },
      "fit: class data must have at least 2 classes, got 1",
    ],
    [
      "labels without any triplet",
      { trainData: singles, loss: "triplet", batchSize: 4 },
      "triplets need a class with 2 items",
    ],
    [
      "margin 0",
      { trainData: classData(), loss: { kind: "triplet", margin: 0 } },
      "triplet: margin must be > 0, got 0",
    ],
    [
      "a batch too small for triplets",
      { trainData: classData(), loss: "triplet", batchSize: 2 },
      "batchSize must be at least 3 for this loss and its miner, got 2",
    ],
    [
      "a batch that the classes cannot fill",
      { trainData: classData(), loss: "siamese", itemsPerClass: 2 },
      "needs 10 classes, got 5",
    ],
    [
      "an unknown loss",
      { trainData: classData(), loss: "tripletmargin" },
      'unknown loss of labelled items "tripletmargin"; known: siamese, triplet',
    ],
    [
      "a miner of the other sort",
      { trainData: classData(), loss: "triplet", miner: "all_pairs" },
      'miner "all_pairs" finds pairs, the loss needs triplets',
    ],
    [
      "a miner for a loss without",
      { trainData: classData(), loss: "centroid_triplet", miner: "all_pairs" },
      "takes no miner",
    ],
    [
      "a sampler of another kind",
      { trainData: classData(), loss: "siamese", sampler: "session" },
      "sampler must be balanced or class or random for class data, got session",
    ],
    [
      "a name without options",
      { trainData: classData(), loss: "siamese", model: "TwoTower" },
      'modelOptions must be given with a model\'s name, got "TwoTower" alone',
    ],
    [
      "no rows a chunk",
      { trainData: classData(), loss: "siamese", chunkSize: 0 },
      "chunkSize must be ≥ 1, got 0",
    ],
    [
      "chunks with a cache",
      {
        trainData: pairData(["a", "b", "c"], ["x", "y", "z"], features),
        loss: "batch_softmax",
        negatives: { type: "cache", size: 2 },
        batchSize: 2,
        chunkSize: 1,
      },
      "fit: chunkSize must be null with negatives of type cache",
    ],
    ["no epochs", { trainData: classData(), loss: "siamese", epochs: 0 }, "epochs must be ≥ 1, got 0"],
  ];
  it.each(broken)("%s", async (_name, options, message) => {
    await expect(fit({ ...common, ...options } as FitOptions)).rejects.toThrow(message);
  });

  it("documents that lack what their kind needs", () => {
    expect(documentKind([{ text: "a" }])).toBe("instance");
    expect(() =>
      documentData([{ text: "a", tags: { finetuner_label: 1 } }, { text: "b" }], features),
    ).toThrow("document 1 must have tags.finetuner_label, got none");
    expect(() => documentData([{ chunks: [{ text: "a" }] }], features)).toThrow(
      "document 0 must have two chunks, got 1",
    );
    expect(() => documentData([{ text: "a", matches: [{ text: "b" }] }], features)).toThrow(
      "matches of document 0 must have finetuner_label 1 or -1, got undefined",
    );
  });
});
