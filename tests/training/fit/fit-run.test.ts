import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runMap } from "../../../lib/analysis/run-map.js";
import { sampleRankings } from "../../../lib/analysis/run-rankings.js";
import { systemsTable } from "../../../lib/analysis/tables/systems-table.js";
import { createEncoder } from "../../../lib/encoders/create-encoder.js";
import type { EncoderSpec } from "../../../lib/encoders/encoder.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { reevaluateRun } from "../../../lib/evaluation/reevaluate-run.js";
import { loadConfig, loadStoredConfig } from "../../../lib/experiment/load-config.js";
import { searchRun } from "../../../lib/retrieval/retrievers/search-run.js";
import { openRun, type RunFolder } from "../../../lib/tracking/run-folder.js";
import { fit } from "../../../lib/training/fit/fit.js";
import type { FitOptions } from "../../../lib/training/fit/fit-options.js";
import { train } from "../../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../../support/tiny-dataset.js";
import { classData, spec } from "./toy.js";

let tiny: TinyDataset;
let options: FitOptions;
let run: RunFolder;
const bytes = (folder: RunFolder, ...name: string[]) =>
  fs.readFileSync(path.join(folder.dir, ...name)).toString("base64");

beforeAll(async () => {
  await selectBackend("wasm");
  tiny = tinyDataset();
  options = {
    model: "TwoTower",
    modelOptions: {
      textEmbedding: { numEmbeddings: 48, embeddingDim: 16 },
      ...{ hiddenLayers: [16], lastLinear: true, outputDim: 16 },
      ...{ queryTextFeature: "query_search_phrase", documentTextFeature: "document_name" },
    },
    trainData: {
      dataset: tiny.dir,
      vectorizer: {
        ...{ type: "dictionary", dictionary_path: "tokens", word_unigrams_limit: 4, num_oov_tokens: 10 },
      },
    },
    evalData: "validation",
    loss: { kind: "batch_softmax", temperature: 0.1 },
    ...{ epochs: 3, batchSize: 16, learningRate: 0.01, seed: 3, threads: 1 },
    ...{ runDir: path.join(tiny.root, "runs", "tiny", "fit"), name: "fitted" },
  };
  run = (await fit(options)).run!;
});

describe("fit with a run folder", () => {
  it("takes the fused engine, and gives the numbers of train for the same set-up", async () => {
    expect(run.manifest()).toMatchObject({ engine: "fused, 1 thread", status: "finished", system: "fitted" });
    const recall = { enabled: true, k: [10, 100], measures: ["nDCG@10"], query_typo_probabilities: [0] };
    const config = tiny.config({ run_id: "same", validation: {}, recall_validation: recall });
    const trained = await train(loadConfig(config), { threads: 1 });
    const losses = (folder: RunFolder) => folder.metrics().filter(({ name }) => name === "AverageLoss/train");
    expect(losses(run)).toHaveLength(3);
    expect(losses(run)).toEqual(losses(trained));
    expect(run.queries()).toEqual(trained.queries());
  });

  it("gives the same numbers by tfjs to rounding", async () => {
    const slow = await fit({
      ...options,
      engine: "tfjs",
      runDir: path.join(tiny.root, "runs", "tiny", "tfjs"),
    });
    expect(slow.run!.manifest().engine).toBe("tfjs (as configured)");
    const fast = run.metrics().filter(({ name }) => name === "AverageLoss/train");
    slow.history.forEach(({ trainLoss }, epoch) => {
      expect(trainLoss).toBeCloseTo(fast[epoch]!.value, 3); // float32 sums in another order, over 126 steps
    });
  });

  it("enters tables beside other runs, with intervals and tests", async () => {
    const other = await fit({
      ...options,
      ...{ epochs: 1, learningRate: 0.0001, name: "hardly trained" },
      runDir: path.join(tiny.root, "runs", "tiny", "short"),
    });
    const table = systemsTable([run, other.run!], {
      ...{ set: run.queries()[0]!.set, measures: ["Recall@10"], baseline: "hardly trained" },
    });
    const [cell] = table.rows.find(({ system }) => system === "fitted")!.cells;
    const values = run.queries().map((result) => result.values["Recall@10"]!);
    expect(cell!.mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 12);
    expect(cell!.low).toBeLessThanOrEqual(cell!.mean);
    expect(cell!.high).toBeGreaterThanOrEqual(cell!.mean);
  });

  it("goes on from its last checkpoint to the same bytes, and takes a finished run as it is", async () => {
    const runDir = path.join(tiny.root, "runs", "tiny", "resumed");
    const first = await fit({ ...options, runDir, epochs: 2 });
    expect(first.epochsRun).toBe(2);
    const resumed = await fit({ ...options, runDir });
    expect(resumed.epochsRun).toBe(1);
    for (const file of [["metrics.jsonl"], ["models", "model.safetensors"], ["queries.jsonl.gz"]])
      expect(bytes(resumed.run!, ...file), file.join("/")).toBe(bytes(run, ...file));
    expect((await fit({ ...options, runDir })).epochsRun).toBe(0);
    expect(bytes(openRun(runDir), "metrics.jsonl")).toBe(bytes(run, "metrics.jsonl"));
  });

  it("is searched, evaluated and reported on like a run of train", async () => {
    expect(run.manifest().kind).toBe("dense");
    const [first] = run.queries();
    const hits = await searchRun(run, first!.query, { k: 3, listener: {} });
    expect(hits.map(({ id, score }) => [id, Number(score.toFixed(6))])).toEqual(first!.top.slice(0, 3));
    const runDir = path.join(tiny.root, "runs", "tiny", "again");
    const again = (await fit({ ...options, epochs: 1, runDir })).run!;
    const before = again.queries();
    fs.rmSync(path.join(again.dir, "queries.jsonl.gz"));
    expect((await reevaluateRun(again, { listener: {} })).queries()).toEqual(before);
    const { figure } = await runMap(run, { epochs: 5, listener: {} });
    expect(JSON.stringify(figure)).toContain("red shoe");
    const [ranking] = await sampleRankings(run, 1);
    expect(JSON.stringify(ranking)).toContain(first!.top[0]![0]);
  });

  it("stores options that no configuration has beside the one it is opened by", async () => {
    const runDir = path.join(tiny.root, "runs", "tiny", "own-schedule");
    const chosen = { schedule: (step: number) => 1 / (1 + step), clipNorm: 1, layerWiseDecay: 0.9 };
    const negatives = { mask: "same_document" } as const;
    const { run: made } = await fit({ ...options, ...chosen, negatives, epochs: 1, runDir });
    expect(fs.readFileSync(made!.configFile, "utf8")).toMatch(
      /^# Without a key here, in fit.yaml: schedule\n/,
    );
    const config = loadStoredConfig(made!.configFile);
    expect(config.update).toMatchObject({ clip_norm: 1, layer_wise_decay: 0.9 });
    expect(config).toMatchObject({
      ...{ num_epochs: 1, batch_size: 16, learning_rate: 0.01, seed: 3, name: "fitted" },
      ...{ negatives: { mask: "same_document" }, loss: { type: "batch_softmax", temperature: 0.1 } },
    });
    expect((await searchRun(made!, "red sneaker", { k: 2, listener: {} })).length).toBe(2);
  });

  it("says in one line why a run cannot be searched", async () => {
    const lines: string[] = [];
    const runDir = path.join(tiny.root, "runs", "tiny", "passed");
    const { modelOptions, ...rest } = options;
    const model = createEncoder({ kind: "TwoTower", ...modelOptions! } as EncoderSpec, new Random(1));
    const { run: passed } = await fit({
      ...rest,
      model,
      epochs: 1,
      runDir,
      tell: (line) => lines.push(line),
    });
    const why = "cannot be searched: model is an encoder that was passed as such";
    expect(lines).toContain(`${runDir}: ${why}`);
    await expect(searchRun(passed!, "something else", { listener: {} })).rejects.toThrow(why);
    const [first] = passed!.queries();
    expect((await searchRun(passed!, first!.query, { k: 1, listener: {} }))[0]!.id).toBe(first!.top[0]![0]);
  });

  it("refuses a folder of other options or data", async () => {
    await expect(fit({ ...options, learningRate: 0.02 })).rejects.toThrow(
      "fit.yaml: a run goes on only with its own options, got another learningRate; choose another runDir, or set fresh",
    );
    const classes = classData();
    if (classes.kind !== "class") throw new Error("toy data must have classes");
    const evaluation = { toy: { queryData: { items: classes.items, labels: classes.labels } } };
    const runDir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-fit-run-")), "toy", "run");
    const own: FitOptions = {
      ...{ model: spec, trainData: classes, loss: "siamese", batchSize: 20, epochs: 1, runDir, evaluation },
    };
    await fit(own);
    await expect(fit({ ...own, trainData: classData(12, 2) })).rejects.toThrow(
      "a run goes on only with its own data",
    );
    await expect(searchRun(runDir, "anything", { listener: {} })).rejects.toThrow(
      `${runDir}: cannot be searched: trainData names no data set`,
    );
    const { evaluation: _none, ...blind } = own;
    await expect(fit({ ...blind, fresh: true })).rejects.toThrow(
      "fit: evaluation, or evalData that can be ranked, must be given with runDir, as trainData names no data set, got none",
    );
  });
});
