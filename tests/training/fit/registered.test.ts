import { createHash } from "node:crypto";
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
import { loadConfig } from "../../../lib/experiment/load-config.js";
import { cosineMatrix } from "../../../lib/losses/cosine.js";
import { createLoss, registerLoss } from "../../../lib/losses/create-loss.js";
import { NoTuplesError } from "../../../lib/losses/label-loss.js";
import { labelledPairLoss } from "../../../lib/losses/labelled-pair-loss.js";
import { registerMiner } from "../../../lib/negatives/miners/create-miner.js";
import { packTriplets } from "../../../lib/negatives/miners/tuples.js";
import { createOptimizer, registerOptimizer } from "../../../lib/optimizers/create-optimizer.js";
import { registerSchedule } from "../../../lib/optimizers/create-schedule.js";
import { readCheckpoint } from "../../../lib/tracking/checkpoint.js";
import { weightAverage, wiseFt } from "../../../lib/training/callbacks/averages.js";
import { trainingCheckpoint } from "../../../lib/training/callbacks/checkpoints.js";
import { earlyStopping } from "../../../lib/training/callbacks/early-stopping.js";
import { evaluationCallback } from "../../../lib/training/callbacks/evaluation.js";
import { datasetData } from "../../../lib/training/fit/dataset-data.js";
import { fit } from "../../../lib/training/fit/fit.js";
import { pairData } from "../../../lib/training/fit/fit-data.js";
import type { FitOptions } from "../../../lib/training/fit/fit-options.js";
import { train } from "../../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../../support/tiny-dataset.js";
import { classData, features, spec } from "./toy.js";

let tiny: TinyDataset;
beforeAll(async () => {
  await selectBackend("wasm");
  tiny = tinyDataset();
  registerLoss("mine", ({ sharpness }: { sharpness: number }) => {
    // with a weight of its own, so that it must be resumed too
    const bias = tf.variable(tf.scalar(0.1));
    const loss = (queries: tf.Tensor2D, documents: tf.Tensor2D) => {
      const scores = tf.mul(
        tf.add(cosineMatrix(queries, documents), tf.square(bias)),
        sharpness,
      ) as tf.Tensor2D;
      const eye = tf.eye(queries.shape[0], documents.shape[0]);
      const perExample = tf.neg(tf.sum(tf.mul(tf.logSoftmax(scores), eye), 1)) as tf.Tensor1D;
      return { value: tf.add(tf.mean(perExample), tf.square(bias)) as tf.Scalar, perExample };
    };
    return Object.assign(loss, { weights: { bias } });
  });
  registerMiner("two_triplets", "triplets", ({ most = 2 }: { most?: number }) => (_distances, { labels }) => {
    const found: [number, number, number][] = [];
    for (let a = 0; a < labels.length && found.length < most; a++) {
      const p = labels.findIndex((label, i) => i > a && label === labels[a]);
      const n = labels.findIndex((label) => label !== labels[a]);
      if (p > 0 && n >= 0) found.push([a, p, n]);
    }
    return packTriplets(found);
  });
  registerOptimizer("half_adam", ({ learningRate }: { learningRate: number }) =>
    createOptimizer({ kind: "adam", learningRate: learningRate / 2 } as never),
  );
  registerSchedule(
    "steps_of_ten",
    ({ factor }: { factor: number }) =>
      (step) =>
        factor ** Math.floor(step / 10),
  );
  registerEncoder("Own", (given, random) => {
    const { width } = given as typeof given & { width: number };
    return simpleTextEncoder({ ...given, fcDim: width }, random);
  });
});

const scratch = () => fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-own-"));
const bytes = (result: { encoder: Parameters<typeof parametersOf>[0] }) =>
  createHash("sha256")
    .update(JSON.stringify(Object.values(parametersOf(result.encoder)).map(({ data }) => Array.from(data))))
    .digest("hex");

/** Pieces of one's own, as a configuration names them. */
const own = {
  loss: { type: "custom", name: "mine", options: { sharpness: 10 } },
  optimizer: { type: "custom", name: "half_adam" },
  schedule: { type: "custom", name: "steps_of_ten", options: { factor: 0.9 } },
  model: {
    type: "custom",
    name: "Own",
    options: { width: 20 },
    text_embedding: { num_embeddings: 48, embedding_dim: 16 },
    output_dim: 16,
    query: { text_feature: "query_search_phrase" },
    document: { text_feature: "document_name" },
  },
  dataset: {
    query_features: [{ name: "query_search_phrase", type: "text" }],
    document_features: [{ name: "document_name", type: "text" }],
  },
};

describe("pieces registered with one call work from a configuration, stopped and resumed with the same bytes:", () => {
  it.each<[string, Record<string, unknown>]>([
    ["loss with a weight, optimiser, schedule and encoder", own],
    [
      "a miner under a loss of labelled items",
      {
        loss: {
          type: "labelled",
          name: "triplet",
          options: { margin: 0.4 },
          miner: { name: "two_triplets", options: { most: 12 } },
        },
      },
    ],
    ["ArcFaceLoss, a vector for each document", { loss: { type: "ArcFaceLoss", scale: 8 } }],
    ["cos_face with half the vectors' margin", { loss: { type: "cos_face", scale: 8, margin: 0.1 } }],
    [
      "NTXentLoss of what BatchHardMiner finds",
      { loss: { type: "NTXentLoss", temperature: 0.2, miner: { name: "BatchHardMiner" } } },
    ],
    [
      "CrossBatchMemory, memory and all",
      { loss: { type: "CrossBatchMemory", loss: "nt_xent", memory_size: 40 } },
    ],
  ])("%s", async (name, changes) => {
    const config = (extra: string[]) =>
      loadConfig(tiny.config({ ...changes, run_id: `own-${name.length}` }), ["num_epochs=2", ...extra]);
    const whole = await train(config(["run_id=own-whole"]), { fresh: true });
    const losses = whole.metrics().filter((m) => m.name === "AverageLoss/train");
    expect(losses[1]!.value).toBeLessThan(losses[0]!.value);
    const { dir } = await train(config(["num_epochs=1"]), { fresh: true });
    await train(config([]));
    for (const file of ["metrics.jsonl", "models/model.safetensors"])
      expect(
        fs.readFileSync(path.join(dir, file)).equals(fs.readFileSync(path.join(whole.dir, file))),
        file,
      ).toBe(true);
  });

  it("and from fit, killed after an epoch", async () => {
    const options: FitOptions = {
      model: "Own",
      modelOptions: { ...spec, width: 10 } as never,
      trainData: pairData(
        Array.from({ length: 24 }, (_, i) => `q${i % 8} q${(i + 3) % 8}`),
        Array.from({ length: 24 }, (_, i) => `d${i % 8} d${(i + 3) % 8}`),
        features,
      ),
      loss: { kind: "mine", sharpness: 8 },
      optimizer: "half_adam",
      schedule: { kind: "steps_of_ten", factor: 0.5 } as never,
      epochs: 4,
      batchSize: 8,
      learningRate: 0.02,
    };
    const whole = await fit(options);
    const dir = scratch();
    const killer = {
      name: "killer",
      on: {
        train_batch_end: (state: { epoch: number; batchIndex: number }) => {
          if (state.epoch === 2 && state.batchIndex === 1) throw new Error("killed");
        },
      },
    };
    await expect(
      fit({ ...options, callbacks: [trainingCheckpoint({ saveDir: dir }), killer] }),
    ).rejects.toThrow("killed");
    const resume = readCheckpoint(path.join(dir, "saved_model_epoch_02"));
    expect(bytes(await fit({ ...options, resume }))).toBe(bytes(whole));
  });
});

describe("losses of labelled items over pairs", () => {
  let [queries, documents] = [[], []] as unknown as [tf.Tensor2D, tf.Tensor2D];
  beforeAll(() => {
    queries = tf.tensor2d([1, 0, 0.6, 0.8, 0, 1], [3, 2]);
    documents = tf.tensor2d([1, 0.1, 0.5, 0.9, 0.1, 1], [3, 2]);
  });

  it("label queries and documents by the document, so that both queries of one document belong together", () => {
    let seen: number[] = [];
    const spy = labelledPairLoss((embeddings, { labels }) => {
      seen = [...labels];
      const perExample = tf.sum(embeddings, 1) as tf.Tensor1D;
      return { value: tf.mean(perExample) as tf.Scalar, perExample };
    });
    spy(queries, documents, { documentIds: Int32Array.from([7, 4, 7]) });
    expect(seen).toEqual([7, 4, 7, 7, 4, 7]);
  });

  it("are 0, with gradient 0, where the miner finds nothing", () => {
    const nothing = labelledPairLoss(() => {
      throw new NoTuplesError("nothing");
    });
    const { value, grad } = tf.valueAndGrad((q) => nothing(q as tf.Tensor2D, documents).value)(queries);
    expect([value.dataSync()[0], ...grad.dataSync()].every((x) => x === 0)).toBe(true);
  });

  it.each([
    [{ name: "triplets" }, /loss.name: must be one of siamese, triplet, .*, got "triplets"/],
    [
      { name: "triplet", miner: { name: "all_pairs" } },
      /loss.miner.name: must be one of all_triplets, .* for triplet, got "all_pairs"/,
    ],
    [{ name: "triplet", options: { margin: 0 } }, /triplet: margin must be > 0, got 0/],
  ])("refuse %j before the first step", async (loss, message) => {
    await expect(
      train(loadConfig(tiny.config({ loss: { type: "labelled", ...loss }, run_id: "refused" })), {
        fresh: true,
      }),
    ).rejects.toThrow(message);
  });
});

describe("fit on a data set by name", () => {
  const request = () => ({
    dataset: tiny.dir,
    vectorizer: { type: "dictionary", dictionary_path: "tokens", word_unigrams_limit: 4, num_oov_tokens: 10 },
  });

  it("reads training and validation parts, sizes the encoder and is measured on the set's queries", async () => {
    const { evaluation } = await datasetData(request());
    const [set] = Object.values(evaluation);
    const measured = evaluationCallback({ ...set!, limit: 5 });
    const { history } = await fit({
      model: "TwoTower",
      trainData: request(),
      evalData: "validation",
      loss: "batch_softmax",
      epochs: 3,
      batchSize: 16,
      learningRate: 0.02,
      callbacks: [measured],
    });
    expect(history[2]!.validationLoss).toBeLessThan(history[0]!.validationLoss);
    const recall = measured.changes().find(({ measure }) => measure === "recall_at_k")!;
    // equal words find each other before anything is learned: no layer lies between
    expect(recall.before).toBeLessThan(0.8);
    expect(recall.after).toBeGreaterThan(0.8);
  });

  it("trains with a negative cache, measures it, and goes on from a checkpoint with the same bytes", async () => {
    const options: FitOptions = {
      model: "TwoTower",
      trainData: request(),
      loss: "batch_softmax",
      negatives: { type: "cache", size: 32 },
      epochs: 3,
      batchSize: 16,
      learningRate: 0.01,
    };
    const whole = await fit(options);
    expect(whole.history[2]!.metrics["cache/interpretable_prediction_loss"]).toBeLessThan(
      whole.history[0]!.metrics["cache/interpretable_prediction_loss"]!,
    );
    const dir = scratch();
    await fit({ ...options, epochs: 1, callbacks: [trainingCheckpoint({ saveDir: dir })] });
    const resume = readCheckpoint(path.join(dir, "saved_model_epoch_01"));
    expect(bytes(await fit({ ...options, resume }))).toBe(bytes(whole));
  });

  it("names what is there when the data set is not", async () => {
    await expect(fit({ model: "TwoTower", trainData: "emojis", loss: "batch_softmax" })).rejects.toThrow(
      /data set must be a folder or in data\/ \(.*\), got "emojis"; can be made: emoji/,
    );
  });
});

describe("layer-wise decay in fit", () => {
  it("moves the table least and the last layer as fast as without", async () => {
    const options: FitOptions = {
      model: spec,
      trainData: classData(),
      loss: "siamese",
      optimizer: "sgd",
      learningRate: 0.1,
      epochs: 1,
      batchSize: 60,
      itemsPerClass: 12,
      seed: 3,
    };
    const [plain, decayed] = [await fit(options), await fit({ ...options, layerWiseDecay: 0.5 })];
    const start = createEncoder(spec, new Random(3).fork("encoder"));
    const moved = (result: { encoder: Parameters<typeof parametersOf>[0] }, name: string) => {
      const [now, before] = [parametersOf(result.encoder)[name]!.data, parametersOf(start)[name]!.data];
      return Math.hypot(...Array.from(now, (x, i) => x - before[i]!));
    };
    const names = Object.keys(parametersOf(start));
    const shares = Object.fromEntries(names.map((name) => [name, moved(decayed, name) / moved(plain, name)]));
    expect(Math.max(...Object.values(shares))).toBeCloseTo(1, 4);
    expect(shares["tables/text"]).toBeCloseTo(Math.min(...Object.values(shares)), 6);
    expect(shares["tables/text"]).toBeLessThan(0.6);
  });
});

describe("averages of weights", () => {
  it.each([
    ["weightAverage", () => weightAverage({ decay: 0.8, everySteps: 2 })],
    ["wiseFt", () => wiseFt(0.4)],
  ])("%s, stopped and resumed, ends with the same bytes", async (_name, make) => {
    const options: FitOptions = {
      model: spec,
      trainData: classData(),
      loss: "siamese",
      learningRate: 0.02,
      epochs: 4,
      batchSize: 20,
      seed: 3,
    };
    const whole = await fit({ ...options, callbacks: [make()] });
    expect(bytes(whole)).not.toBe(bytes(await fit(options)));
    const dir = scratch();
    await fit({ ...options, epochs: 2, callbacks: [make(), trainingCheckpoint({ saveDir: dir })] });
    const resume = readCheckpoint(path.join(dir, "saved_model_epoch_02"));
    expect(bytes(await fit({ ...options, callbacks: [make()], resume }))).toBe(bytes(whole));
  });
});

describe("fit refuses before training starts:", () => {
  const pairs = () => pairData(["a b", "c d", "e f", "g"], ["x", "y", "z", "w"], features);
  const common = { model: spec, loss: "batch_softmax", batchSize: 2, epochs: 1 };
  it.each<[string, () => Partial<FitOptions>, string]>([
    [
      "a cache larger than the corpus",
      () => ({ negatives: { type: "cache", size: 9 } }),
      "the cache must not be larger than the training documents (4), got 9",
    ],
    [
      "a top_k that does not divide the cache",
      () => ({ negatives: { type: "cache", size: 4, top_k: 3 } }),
      "fit: negatives.top_k must divide negatives.size (4), got 3",
    ],
    [
      "a cache smaller than the batch",
      () => ({ negatives: { type: "cache", size: 2 }, batchSize: 4 }),
      "fit: negatives.size must be at least batch_size (4), got 2",
    ],
    [
      "a cache under another loss",
      () => ({ negatives: { type: "cache", size: 4 }, loss: "triplet" }),
      'fit: loss.type must be batch_softmax with negatives of type cache, got "triplet"',
    ],
    [
      "more random documents than there are",
      () => ({ negatives: { add: [{ type: "random", count: 5 }] } }),
      "must be at most the training documents (4), got 5",
    ],
    ["a margin of 0", () => ({ loss: { kind: "triplet_margin", margin: 0 } }), "margin must be > 0, got 0"],
    ["a decay of 0", () => ({ layerWiseDecay: 0 }), "fit: layerWiseDecay must be > 0, got 0"],
    ["a rate of 0", () => ({ learningRate: 0 }), "fit: learningRate must be > 0, got 0"],
    [
      "early stopping on a validation loss that nothing measures",
      () => ({ callbacks: [earlyStopping()] }),
      "fit: evalData or valSplit must be given for early_stopping_val_loss, which reads val_loss, got none",
    ],
    [
      "two callbacks of one name",
      () => ({ evalData: pairs(), callbacks: [earlyStopping(), earlyStopping()] }),
      'callbacks: must have names of their own, got "early_stopping_val_loss" twice',
    ],
    [
      "validation data without a data set",
      () => ({ evalData: "validation" as const }),
      "fit: evalData must be data, as trainData names no data set, got validation",
    ],
  ])("%s", async (_name, options, message) => {
    await expect(fit({ ...common, trainData: pairs(), ...options() } as FitOptions)).rejects.toThrow(message);
  });
});

describe("createLoss", () => {
  it("falls back on the settings that configurations have", () => {
    const q = tf.tensor2d([1, 0, 0, 1], [2, 2]);
    const d = tf.tensor2d([0.9, 0.1, 0.3, 0.8], [2, 2]);
    const value = (named: { kind: string }) => createLoss(named)(q, d).value.dataSync()[0];
    for (const [kind, options] of Object.entries({
      batch_softmax: { temperature: 0.1 },
      triplet_margin: { margin: 0.3 },
      pointwise_bce: { temperature: 0.1, bias: 0 },
    }))
      expect(value({ kind })).toBe(value({ kind, ...options } as never));
  });
});
