import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { systemsTable } from "../../../lib/analysis/systems-table.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { loadConfig } from "../../../lib/experiment/load-config.js";
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

  it("refuses a folder of other options or data", async () => {
    await expect(fit({ ...options, learningRate: 0.02 })).rejects.toThrow(
      "config.yaml: a run goes on only with its own options, got another learningRate; choose another runDir, or set fresh",
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
    const { evaluation: _none, ...blind } = own;
    await expect(fit({ ...blind, fresh: true })).rejects.toThrow(
      "fit: evaluation must be given with runDir, as trainData names no data set, got none",
    );
  });
});
