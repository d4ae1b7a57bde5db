import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inStoredOrder } from "../../lib/experiment/epoch-batches.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { loadExperiment } from "../../lib/experiment/load-experiment.js";
import { lossSpec, optimizerSpec } from "../../lib/experiment/training-specs.js";
import { readTensorFile } from "../../lib/files/safetensors.js";
import { createLoss } from "../../lib/losses/create-loss.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import { openEncoder } from "../../lib/retrieval/retrievers/open-encoder.js";
import { patienceIsOver } from "../../lib/tracking/best-checkpoint.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { pairTask } from "../../lib/training/objectives/batch-task.js";
import { train } from "../../lib/training/train.js";
import { Trainer } from "../../lib/training/trainer.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";
import { vector } from "../support/vectors.js";

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
});
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

const values = (run: RunFolder, name: string) => run.metrics().filter((m) => m.name === name);
const parameters = (run: RunFolder) => readTensorFile(run.model).tensors;

describe("early stopping", () => {
  it("has the course's rule, whose early_stop is a patience of one less (vector early_stop_rule)", () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/early_stop_rule");
    const { early_stop, best_epoch_index, epochs_trained } = inputs;
    expect(
      epochs_trained.map((trained: number) => patienceIsOver(early_stop - 1, best_epoch_index, trained)),
    ).toEqual(expected);
  });

  it("ends a run after its patience, resumed or not, and keeps the weights of the best epoch", async () => {
    // a rate far too high: the validation loss falls and rises again
    const settings = [
      "learning_rate=0.5",
      "engine=tfjs",
      "recall_validation.enabled=false",
      "validation={patience: 2, keep_best: true, before_training: true}",
    ];
    const run = await train(loadConfig(tiny.config(), [...settings, "run_id=stopped", "num_epochs=40"]));
    const [before, ...losses] = values(run, "AverageLoss/valid");
    expect(before).toMatchObject({ epoch: -1, step: 0 });
    const best = losses.reduce((least, each) => (each.value < least.value ? each : least));
    expect(losses.length).toBeLessThan(40);
    expect(losses.length).toBe(best.epoch + 1 + 2);

    const { config, encoder } = await openEncoder(run.dir);
    const data = await loadExperiment(config, {});
    const trainer = new Trainer(
      encoder,
      pairTask(createLoss(lossSpec(config))),
      createOptimizer(optimizerSpec(config)),
    );
    const measured = Array.from(inStoredOrder(data.validation!, config.batch_size), (batch) =>
      trainer.evaluateBatch(batch),
    );
    expect(measured.reduce<number>((sum, loss) => sum + loss!, 0) / measured.length).toBe(best.value); // exactly: the same weights
    encoder.dispose();

    await train(loadConfig(tiny.config(), [...settings, "run_id=resumed", "num_epochs=1"]));
    const resumed = await train(loadConfig(tiny.config(), [...settings, "run_id=resumed", "num_epochs=40"]));
    expect(resumed.metrics()).toEqual(run.metrics());
    expect(parameters(resumed)).toEqual(parameters(run));
    const lines: string[] = [];
    const again = loadConfig(tiny.config(), [...settings, "run_id=resumed", "num_epochs=40"]);
    await train(again, { listener: { line: (text) => lines.push(text) } });
    expect(lines.join("\n")).toContain(`already finished after ${losses.length} epochs`);
  });

  it("needs a validation part", async () => {
    const held = path.join(tiny.dir, "validation_dataset");
    fs.renameSync(held, `${held}-away`);
    await expect(
      train(loadConfig(tiny.config(), ["run_id=none", "validation.keep_best=true"])),
    ).rejects.toThrow("validation: the data set must have a validation part, got none in");
    fs.renameSync(`${held}-away`, held);
  });
});

describe("groups of parameters", () => {
  const settings = ["engine=tfjs", "recall_validation.enabled=false", "num_epochs=1"];

  it("one optimiser per encoder with equal settings is one optimiser for all", async () => {
    const one = await train(loadConfig(tiny.config(), [...settings, "run_id=one"]));
    const groups =
      "update.groups=[{prefix: query., learning_rate: 0.01}, {prefix: document., learning_rate: 0.01}]";
    const two = await train(loadConfig(tiny.config(), [...settings, "run_id=two", groups]));
    expect(parameters(two)).toEqual(parameters(one));
  });

  it("each has its own rate and schedule", async () => {
    // a schedule that is 0 from the first step on after warm-up 0 of 1 total step: the query tower moves once
    const groups =
      "update.groups=[{prefix: query., learning_rate: 0.01, schedule: {type: linear, total_steps: 1}}]";
    const short = await train(loadConfig(tiny.config(), [...settings, "run_id=short", groups]));
    const whole = await train(loadConfig(tiny.config(), [...settings, "run_id=whole"]));
    const still = await train(loadConfig(tiny.config(), [...settings, "run_id=still", "num_epochs=0"]));
    const moved = (run: RunFolder, name: string) => {
      const start = parameters(still)[name]!.data;
      return Math.max(...Array.from(parameters(run)[name]!.data, (value, i) => Math.abs(value - start[i]!)));
    };
    // Adam's first step is the rate itself, up to float32 rounding of weights below 1
    expect(moved(short, "weights/query.0.weight")).toBeCloseTo(0.01, 6);
    expect(moved(whole, "weights/query.0.weight")).toBeGreaterThan(0.03);
    expect(moved(short, "weights/document.0.weight")).toBeGreaterThan(0.03);
  });

  it("must name parameters that there are", async () => {
    const groups = "update.groups=[{prefix: nothing., learning_rate: 0.01}]";
    await expect(train(loadConfig(tiny.config(), [...settings, "run_id=bad", groups]))).rejects.toThrow(
      /update\.groups: prefix must begin a parameter's name \(.*query\.0\.weight.*\), got "nothing\."/,
    );
  });
});

describe("an untrained model", () => {
  it("is evaluated with num_epochs 0, by tfjs and by ONNX Runtime alike", async () => {
    const runs = await Promise.all(
      ["tfjs", "onnx"].map((runtime) =>
        train(
          loadConfig(tiny.config(), [
            "num_epochs=0",
            `run_id=${runtime}`,
            `recall_validation.encode_with=${runtime}`,
          ]),
        ),
      ),
    );
    const [tfjs, onnx] = runs.map((run) => run.queries());
    expect(onnx!.length).toBe(tfjs!.length);
    for (const [i, result] of onnx!.entries()) {
      expect(result.top.map(([id]) => id).slice(0, 3)).toEqual(tfjs![i]!.top.map(([id]) => id).slice(0, 3));
      for (const [rank, [, score]] of result.top.entries())
        expect(score).toBeCloseTo(tfjs![i]!.top[rank]![1], 5);
    }
  });
});
