import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../../lib/encoders/create-encoder.js";
import { parametersOf, setParameters } from "../../../lib/encoders/parameters.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { evaluateRetrieval } from "../../../lib/evaluation/evaluate-retrieval.js";
import { readTensorFile } from "../../../lib/files/safetensors.js";
import { weightAverage } from "../../../lib/training/callbacks/averages.js";
import type { TrainingState } from "../../../lib/training/callbacks/callback.js";
import { bestModelCheckpoint, trainingCheckpoint } from "../../../lib/training/callbacks/checkpoints.js";
import { earlyStopping } from "../../../lib/training/callbacks/early-stopping.js";
import { relativeChange } from "../../../lib/training/callbacks/evaluation.js";
import {
  csvLog,
  learningRateMonitor,
  nanGuard,
  progressBar,
  tensorBoard,
} from "../../../lib/training/callbacks/logs.js";
import { fit } from "../../../lib/training/fit/fit.js";
import { expectClose, vector } from "../../support/vectors.js";
import { classData, features, spec } from "../fit/toy.js";

beforeAll(async () => void (await selectBackend("cpu")));
const scratch = () => fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-callbacks-"));

/** A state that only monitors read. */
function stateWith(values: Partial<TrainingState>, onStop: () => void = () => {}): TrainingState {
  const encoder = createEncoder(spec, new Random(1));
  return {
    encoder,
    validationBatches: 1,
    metrics: {},
    stop: onStop,
    parameters: () => parametersOf(encoder),
    checkpoint: () => ({
      epochsDone: 1,
      step: 1,
      parameters: parametersOf(encoder),
      optimizer: {},
      objective: {},
      callbacks: {},
      randomState: [],
    }),
    ...values,
  } as TrainingState;
}

describe("callbacks match their vectors:", () => {
  it("early stopping", async () => {
    const { inputs, expected } = vector("4-finetuner/early_stopping");
    for (const [i, { values, mode, patience, min_delta: minDelta, baseline }] of inputs.cases.entries()) {
      const callback = earlyStopping({ monitor: "val_loss", mode, patience, minDelta, baseline });
      const counters: number[] = [];
      let stopped = false;
      for (const validationLoss of values) {
        await callback.on.epoch_end!(stateWith({ validationLoss }, () => void (stopped = true)));
        counters.push(callback.counter);
      }
      expect(counters).toEqual(expected[i].counter_after_each_epoch);
      expect(stopped).toBe(expected[i].stopped);
      expect(counters.length).toBe(expected[i].epochs_run);
    }
  });

  it("best model", async () => {
    const { inputs, expected } = vector("4-finetuner/best_model_checkpoint");
    for (const [i, { monitor, mode, values }] of inputs.cases.entries()) {
      const callback = bestModelCheckpoint({ saveDir: scratch(), monitor, mode });
      const saved: number[] = [];
      for (const [epoch, value] of values.entries()) {
        fs.rmSync(callback.file, { force: true });
        await callback.on.epoch_end!(stateWith({ validationLoss: value, metrics: { [monitor]: value } }));
        if (fs.existsSync(callback.file)) saved.push(epoch);
      }
      expect(saved).toEqual(expected[i].saved_after_epochs);
    }
  });

  it("rotating checkpoints", async () => {
    const { inputs, expected } = vector("4-finetuner/training_checkpoint_rotation");
    const saveDir = scratch();
    const callback = trainingCheckpoint({ saveDir, lastEpochs: inputs.last_k_epochs });
    for (let epoch = 0; epoch < inputs.epochs; epoch++) {
      await callback.on.epoch_end!(stateWith({ epoch }));
      expect(fs.readdirSync(saveDir).sort()).toEqual(expected.files_after_each_epoch[epoch]);
    }
    expect(path.basename(bestModelCheckpoint({ saveDir }).file)).toBe(expected.best_model_file_for_val_loss);
  });

  it("a best model is a copy, not a reference to weights that move on", async () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/best_checkpoint_by_reference");
    const encoder = createEncoder(spec, new Random(1));
    const callback = bestModelCheckpoint({ saveDir: scratch(), restoreBest: true });
    const name = Object.keys(encoder.weights)[0]!;
    const put = (value: number) =>
      setParameters(
        encoder,
        Object.fromEntries(
          Object.entries(parametersOf(encoder)).map(([key, { shape, data }]) => [
            key,
            { shape, data: key === `weights/${name}` ? new Float32Array(data.length).fill(value) : data },
          ]),
        ),
      );
    const state = (validationLoss: number) =>
      stateWith({
        encoder,
        validationLoss,
        parameters: () => parametersOf(encoder),
        setParameters: (parameters) => setParameters(encoder, parameters),
      });
    for (const [epoch, loss] of inputs.validation_losses.entries()) {
      put(inputs.parameter_values_after_epoch[epoch]);
      await callback.on.epoch_end!(state(loss));
    }
    await callback.on.fit_end!(state(0));
    expect(encoder.weights[name]!.dataSync()[0]).toBe(expected.correct_restored_value);
  });

  it("excluding a query's own id, and relative changes", () => {
    const { inputs, expected } = vector("4-finetuner/exclude_self");
    // three items on a line of angles, so that d1 finds itself, then d4, then d2
    const items = features.pipeline.encode([{ text: "a" }, { text: "b" }, { text: "c" }]);
    const encoder = createEncoder(spec, new Random(1));
    const ids = ["d1", "d4", "d2"];
    const run = (excludeSelf: boolean, limit: number) =>
      evaluateRetrieval(
        {
          queryData: { items, ids, labels: Int32Array.of(0, 0, 1) },
          querySide: "document",
          excludeSelf,
          limit,
        },
        encoder,
      ).found[0]!;
    expect(run(false, 3)[0]).toBe(inputs.query_id);
    const all = run(false, 3);
    expect(run(true, inputs.limit)).toEqual(
      all.filter((id) => id !== inputs.query_id).slice(0, inputs.limit),
    );
    expect(run(true, inputs.limit)).toHaveLength(expected.length);
    const delta = vector("4-finetuner/delta_percent");
    const percents = delta.inputs.rows.map(([, , before, after]: [string, string, number, number]) =>
      Number((100 * relativeChange(before, after)).toFixed(delta.inputs.decimals)),
    );
    expect(percents).toEqual(delta.expected);
  });
});

describe("callbacks", () => {
  it("monitoring something that is not measured is an error, not a silent end", async () => {
    const callback = earlyStopping({ monitor: "val_loss" });
    expect(() =>
      callback.on.epoch_end!(stateWith({ validationBatches: 0, validationLoss: Number.NaN })),
    ).toThrow('earlyStopping: monitor must be measured before it, got "val_loss" with only train_loss');
    expect(() => earlyStopping({ patience: 0 })).toThrow("patience must be a positive integer, got 0");
  });

  it("write a CSV log, TensorBoard events and progress, and record the rate of every step", async () => {
    const dir = scratch();
    const lines: string[] = [];
    const rates = learningRateMonitor();
    await fit({
      model: spec,
      trainData: classData(4),
      evalData: classData(2, 5),
      loss: "siamese",
      batchSize: 10,
      epochs: 2,
      learningRate: 0.01,
      schedule: { kind: "linear", totalSteps: 4 },
      progress: progressBar((line) => void lines.push(line), { everyBatches: 1 }),
      callbacks: [
        rates,
        csvLog(path.join(dir, "log.csv")),
        tensorBoard(path.join(dir, "tb")),
        weightAverage({ decay: 0.5, everySteps: 1 }),
        nanGuard(),
      ],
    });
    expectClose(
      rates.rates.map(({ rate }) => rate),
      [0.01, 0.0075, 0.005, 0.0025],
      1e-12,
    );
    const rows = fs.readFileSync(path.join(dir, "log.csv"), "utf8").trim().split("\n");
    expect(rows).toHaveLength(3);
    expect(rows[0]).toBe("epoch,step,train_loss,val_loss,learning_rate");
    expect(rows[2]).toMatch(/^2,4,0\.\d+,0\.\d+,0\.0025$/);
    expect(fs.readdirSync(path.join(dir, "tb")).some((name) => name.includes("tfevents"))).toBe(true);
    expect(lines.at(-1)).toMatch(/^epoch 2\/2: 2\/2 batches, loss 0\.\d{3}, val_loss 0\.\d{3}, /);
  });

  it("the guard stops a fit whose loss is no number", async () => {
    const encoder = createEncoder(spec, new Random(1));
    const name = Object.keys(encoder.weights)[0]!;
    const broken = parametersOf(encoder);
    broken[`weights/${name}`]!.data = new Float32Array(broken[`weights/${name}`]!.data.length).fill(
      Number.NaN,
    );
    setParameters(encoder, broken);
    await expect(
      fit({
        model: encoder,
        trainData: classData(4),
        loss: "sup_con",
        batchSize: 10,
        epochs: 1,
        callbacks: [nanGuard()],
      }),
    ).rejects.toThrow("nanGuard: loss must stay finite, got NaN in epoch 1, batch 1");
  });

  it("the best model's file holds the parameters of its epoch", async () => {
    const saveDir = scratch();
    const callback = bestModelCheckpoint({ saveDir, monitor: "train_loss", restoreBest: true });
    const { encoder } = await fit({
      model: spec,
      trainData: classData(4),
      loss: "siamese",
      batchSize: 10,
      epochs: 3,
      callbacks: [callback],
    });
    const stored = readTensorFile(callback.file).tensors;
    for (const [name, { data }] of Object.entries(parametersOf(encoder)))
      expect(data).toEqual(stored[name]!.data);
  });
});
