import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { reevaluateRun } from "../../lib/evaluation/reevaluate-run.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { bm25System } from "../../lib/retrieval/retrievers/bm25-system.js";
import { loadSystemConfig } from "../../lib/retrieval/retrievers/load-any-config.js";
import { openSearch } from "../../lib/retrieval/retrievers/search-run.js";
import { runSystem } from "../../lib/runs/run-system.js";
import { openRun, type RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";
import { vector } from "../support/vectors.js";

let tiny: TinyDataset;
let finished: RunFolder;
const bytes = (run: RunFolder, ...name: string[]) =>
  fs.readFileSync(path.join(run.dir, ...name)).toString("base64");
const metric = (run: RunFolder, name: string, epoch = 2) =>
  run.metrics().find((m) => m.name === name && m.epoch === epoch)?.value;

beforeAll(async () => {
  tiny = tinyDataset();
  finished = await train(loadConfig(tiny.config()));
});

describe("train", () => {
  it("learns what BM25 cannot know", async () => {
    const file = path.join(tiny.root, "bm25.yaml");
    fs.writeFileSync(
      file,
      `system: bm25\ntask_id: tiny\nrun_id: bm25\ndataset_dir: ${tiny.dir}\noutput_dir: ${tiny.root}/runs\nrecall_validation: {k: [1, 5, 60], query_typo_probabilities: [0]}\n`,
    );
    const lexical = await runSystem(bm25System, loadSystemConfig(bm25System, file));
    expect(metric(lexical, "Recall@1", 0)).toBeLessThan(0.3);
    expect(metric(finished, "Recall@1")).toBeGreaterThan(0.8);
  });

  it("lowers the training and validation losses, and recall falls with typos", () => {
    expect(metric(finished, "AverageLoss/train", 2)).toBeLessThan(
      metric(finished, "AverageLoss/train", 0)! / 2,
    );
    expect(metric(finished, "AverageLoss/valid", 2)).toBeLessThan(metric(finished, "AverageLoss/valid", 0)!);
    expect(metric(finished, "Recall@1/typos_prob=0.5")).toBeLessThan(metric(finished, "Recall@1")!);
  });

  it("averages over the number of batches, the incomplete validation batch counted", () => {
    expect(metric(finished, "Loss/train")! / metric(finished, "AverageLoss/train")!).toBeCloseTo(42, 6);
    expect(metric(finished, "Loss/valid")! / metric(finished, "AverageLoss/valid")!).toBeCloseTo(2, 6);
  });

  it("finds the whole pool when k exceeds it", () => {
    expect(metric(finished, "Recall@60")).toBe(1);
  });

  it("writes the same bytes again for the same seed, and other ones for another", async () => {
    const again = await train(loadConfig(tiny.config(), ["run_id=again"]));
    const other = await train(loadConfig(tiny.config(), ["run_id=other", "seed=4"]));
    for (const file of [["metrics.jsonl"], ["models", "model.safetensors"], ["queries.jsonl.gz"]]) {
      expect(bytes(again, ...file)).toBe(bytes(finished, ...file));
      expect(bytes(other, ...file)).not.toBe(bytes(finished, ...file));
    }
  });

  it("records provenance without clocks in the metrics", () => {
    const manifest = openRun(finished.dir).manifest();
    expect(manifest).toMatchObject({
      kind: "dense",
      status: "finished",
      seed: 3,
      taskId: "tiny",
      runId: "run",
    });
    expect(manifest.dataset.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(manifest.counts).toMatchObject({ "training rows": 672, parameters: 48 * 16 + 4 * (16 * 16 + 16) });
    expect(Object.keys(finished.metrics()[0]!)).toEqual(["epoch", "step", "name", "value"]);
  });

  it("writes event files for TensorBoard, or none when told so", async () => {
    const events = fs.readdirSync(finished.tensorboard).filter((name) => name.includes("tfevents"));
    expect(events).toHaveLength(1);
    expect(
      fs.readFileSync(path.join(finished.tensorboard, events[0]!)).includes("Recall@5/typos_prob=0.5"),
    ).toBe(true);
    const quiet = await train(
      loadConfig(tiny.config(), ["run_id=quiet", "tensorboard=false", "num_epochs=1"]),
    );
    expect(fs.existsSync(quiet.tensorboard)).toBe(false);
  });

  it("ranks by the inner product when told so", async () => {
    const dot = await train(loadConfig(tiny.config(), ["run_id=dot", "recall_validation.similarity=dot"]));
    expect(bytes(dot, "models", "model.safetensors")).toBe(bytes(finished, "models", "model.safetensors"));
    const scores = (run: RunFolder) => run.queries().map((result) => result.top[0]![1]);
    expect(Math.max(...scores(finished))).toBeLessThanOrEqual(1);
    expect(scores(dot)).not.toEqual(scores(finished));
  });

  it("does nothing for a finished run, goes on when epochs are added, and refuses another experiment", async () => {
    const before = bytes(finished, "models", "model.safetensors");
    const lines: string[] = [];
    await train(loadConfig(tiny.config()), { listener: { line: (text) => lines.push(text) } });
    expect(lines.join("\n")).toContain("already finished after 3 epochs");
    expect(bytes(finished, "models", "model.safetensors")).toBe(before);

    const longer = await train(loadConfig(tiny.config(), ["run_id=longer"]));
    await train(loadConfig(tiny.config(), ["run_id=longer", "num_epochs=4"]));
    const straight = await train(loadConfig(tiny.config(), ["run_id=straight", "num_epochs=4"]));
    expect(bytes(longer, "models", "model.safetensors")).toBe(bytes(straight, "models", "model.safetensors"));

    await expect(train(loadConfig(tiny.config(), ["learning_rate=0.5"]))).rejects.toThrow(
      /config\.yaml: a run goes on only with its own configuration, got another learning_rate; choose another run_id or start over with --fresh/,
    );
  });

  it("goes on after the last finished epoch, not with it again (checkpoint_resume)", async () => {
    const { inputs, expected } = vector("0-qdrl/checkpoint_resume");
    const upTo = (epochs: number) =>
      train(loadConfig(tiny.config(), ["run_id=vector", `num_epochs=${epochs}`]));
    const first = await upTo(inputs.last_completed_epoch + 1);
    const before = first.syncMetrics().bytes;
    const resumed = await upTo(inputs.num_epochs);
    const added = fs.readFileSync(path.join(resumed.dir, "metrics.jsonl")).subarray(before).toString();
    const epochs = added
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).epoch);
    expect([...new Set(epochs)]).toEqual(expected.correct_epochs_run_after_resume);
  });

  it("keeps the model alone by default, and starts over for more epochs, to the same bytes", async () => {
    const usual = ["keep_checkpoints=0", "checkpoint_every=null"];
    const run = await train(loadConfig(tiny.config(), [...usual, "run_id=usual", "num_epochs=2"]));
    expect(fs.readdirSync(run.dir).sort()).toEqual([
      ...["config.yaml", "manifest.json", "metrics.jsonl", "models", "queries.jsonl.gz", "tensorboard"],
      "timings.jsonl",
    ]);
    expect(run.timings().some(({ name }) => name === "checkpoint")).toBe(false);
    const lines: string[] = [];
    await train(loadConfig(tiny.config(), [...usual, "run_id=usual"]), {
      listener: { line: (text) => lines.push(text) },
    });
    expect(lines).toContain(`${run.dir}: no checkpoint is there to go on from; starting over`);
    for (const file of [["metrics.jsonl"], ["models", "model.safetensors"], ["queries.jsonl.gz"]])
      expect(bytes(run, ...file)).toBe(bytes(finished, ...file));
    await expect(
      reevaluateRun(run, { checkpoint: path.join(run.checkpoints, "epoch-00002.safetensors") }),
    ).rejects.toThrow(
      /epoch-00002\.safetensors: must exist, found none; keep_checkpoints of .*usual is 0, all keeps every epoch's, and there are: none, the model alone$/,
    );
  });

  it("keeps a checkpoint of every epoch when told to, beside the model", async () => {
    const config = loadConfig(tiny.config(), [
      "run_id=each",
      "keep_checkpoints=all",
      "checkpoint_every=null",
    ]);
    const run = await train(config);
    expect(fs.readdirSync(run.checkpoints).sort()).toEqual(
      [1, 2, 3].map((epoch) => `epoch-0000${epoch}.safetensors`),
    );
    expect(fs.existsSync(run.model)).toBe(true);
    expect(run.timings().filter(({ name }) => name === "checkpoint")).toHaveLength(3);
    expect(bytes(run, "models", "model.safetensors")).toBe(bytes(finished, "models", "model.safetensors"));
  });

  it("stops at a loss that is not finite, names the step and keeps the last good checkpoint", async () => {
    const config = loadConfig(tiny.config(), ["run_id=nan", "num_epochs=2"]);
    await train(config);
    const broken = { ...loadConfig(tiny.config(), ["run_id=nan", "num_epochs=3"]) };
    const checkpoint = path.join(tiny.root, "runs/tiny/nan/checkpoints/epoch-00002.safetensors");
    const { readCheckpoint, writeCheckpoint } = await import("../../lib/tracking/checkpoint.js");
    const poisoned = readCheckpoint(checkpoint);
    poisoned.parameters["weights/query.0.weight"]!.data.fill(Number.NaN);
    writeCheckpoint(path.dirname(checkpoint), poisoned, 2);
    await expect(train(broken)).rejects.toThrow("training: loss must stay finite, got NaN at step 85");
    expect(openRun(path.join(tiny.root, "runs/tiny/nan")).manifest()).toMatchObject({ status: "failed" });
    expect(fs.existsSync(checkpoint)).toBe(true);
  });

  it("trains every encoder and both losses", async () => {
    for (const type of [
      "SimpleTextEncoder",
      "RegularizedSimpleTextEncoder",
      "LinearEncoder",
      "MultiModalTwoTower",
    ])
      for (const loss of ["{type: batch_softmax, temperature: 0.1}", "{type: triplet, margin: 0.3}"]) {
        const model = type.endsWith("Tower") ? [] : ["model.hidden_layers=[16]"];
        const run = await train(
          loadConfig(tiny.config(), [`run_id=${type}`, `model.type=${type}`, `loss=${loss}`, ...model]),
          { fresh: true },
        );
        expect(metric(run, "AverageLoss/train", 2), `${type} ${loss}`).toBeLessThan(
          metric(run, "AverageLoss/train", 0)!,
        );
      }
  });
});

describe("a finished run", () => {
  it("evaluates to the same per-query results from its stored weights and from its last checkpoint", async () => {
    const before = bytes(finished, "queries.jsonl.gz");
    await reevaluateRun(finished.dir);
    expect(bytes(finished, "queries.jsonl.gz")).toBe(before);
    await reevaluateRun(finished.dir, {
      checkpoint: path.join(finished.checkpoints, "epoch-00003.safetensors"),
    });
    expect(bytes(finished, "queries.jsonl.gz")).toBe(before);
  });

  it("answers a query typed by hand", async () => {
    const search = await openSearch(finished.dir);
    const hits = await search("Red SNEAKER!", 3);
    expect(hits[0]).toMatchObject({ id: "d0", name: "red shoe" });
    expect(hits).toHaveLength(3);
    expect(hits[0]!.score).toBeGreaterThan(hits[1]!.score);
    expect((await search("red", 1000)).length).toBe(48);
  });
});
