import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { formatConfig, loadConfig, parseConfig } from "../../lib/experiment/load-config.js";
import { encoderSpec } from "../../lib/experiment/specs.js";
import { optimizerSpec, scheduleSpec } from "../../lib/experiment/training-specs.js";
import { createLoss } from "../../lib/losses/create-loss.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import { createSchedule } from "../../lib/optimizers/create-schedule.js";
import { train } from "../../lib/training/train.js";
import "../support/parts/own-encoder.js";
import "../support/parts/own-loss.js";
import "../support/parts/own-optimizer.js";
import "../support/parts/own-schedule.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
beforeAll(async () => {
  await selectBackend("wasm");
  tiny = tinyDataset();
});

const model = {
  type: "WideTextEncoder",
  text_embedding: { num_embeddings: 48, embedding_dim: 16 },
  output_dim: 16,
  query: { text_feature: "query_search_phrase" },
  document: { text_feature: "document_name" },
};
const features = {
  query_features: [{ name: "query_search_phrase", type: "text" }],
  document_features: [{ name: "document_name", type: "text" }],
};

const read = (changes: Record<string, unknown>, overrides: string[] = []) =>
  loadConfig(tiny.config({ run_id: "own", ...changes }), overrides);

describe("a part registered by one file", () => {
  it("trains from YAML: encoder, loss, optimiser and schedule together", async () => {
    const config = read({
      model,
      dataset: features,
      loss: { type: "squared_cosines", margin: 0.9 },
      optimizer: { type: "careful_adam" },
      schedule: { type: "stairs_down", every_steps: 40 },
      num_epochs: 2,
    });
    const losses = (await train(config, { fresh: true }))
      .metrics()
      .filter(({ name }) => name === "AverageLoss/train");
    expect(losses[1]!.value).toBeLessThan(0.8 * losses[0]!.value);
  });

  it("gets its defaults from its settings, and is stored and read back with them", () => {
    const config = read({ loss: { type: "squared_cosines" }, schedule: { type: "stairs_down" } });
    expect(config.loss).toEqual({ type: "squared_cosines", margin: 0.8, own_weight: 20 });
    expect(scheduleSpec(config, 100)).toEqual({ kind: "stairs_down", everySteps: 10, factor: 0.9 });
    expect(parseConfig(formatConfig(config), "stored")).toEqual(config);
  });

  it.each([
    ["loss", "squared_cosine", "squared_cosines"],
    ["model", "WideTextEncodr", "WideTextEncoder"],
    ["optimizer", "careful_adma", "careful_adam"],
    ["schedule", "stair_down", "stairs_down"],
  ])("is among the known names when a %s is misspelled %s", (section, misspelled, name) => {
    expect(() => read({ [section]: { type: misspelled } })).toThrow(
      new RegExp(`${section}.type must be one of .*${name}.*, got "${misspelled}"; did you mean ${name}\\?`),
    );
  });

  it.each([
    [
      { loss: { type: "squared_cosines", margn: 1 } },
      "loss.margn is not a known key; did you mean loss.margin?",
    ],
    [
      { optimizer: { type: "careful_adam", beta1: 1 } },
      "optimizer.beta1 is not a known key; known: type, caution",
    ],
    [{ optimizer: { type: "careful_adam", caution: 0 } }, "optimizer.caution must be ≥ 1, got 0"],
    [{ schedule: { type: "stairs_down", factor: "x" } }, 'schedule.factor must be a number, got "x"'],
    [
      { model: { ...model, width_facter: 3 }, dataset: features },
      "model.width_facter is not a known key; did you mean model.width_factor?",
    ],
    [
      { model: { ...model, query: { text_feature: "title" } }, dataset: features },
      'model.query.text_feature must name a text feature of dataset.query_features (query_search_phrase: text), got "title"',
    ],
  ])("refuses %j by its settings", (changes, message) => {
    expect(() => read(changes)).toThrow(message);
  });

  it("builds the encoder that its settings describe", () => {
    const sizeOf = (factor: number) => {
      const config = read({ model: { ...model, width_factor: factor }, dataset: features });
      const encoder = createEncoder(encoderSpec(config), new Random(1));
      const { parameterCount } = encoder;
      encoder.dispose();
      return parameterCount;
    };
    // a hidden unit has 16 weights in, a bias, and 16 weights out
    expect(sizeOf(3) - sizeOf(2)).toBe(16 * (16 + 1 + 16));
  });

  it("refuses the same from code, spelled as code", () => {
    expect(() => createLoss({ kind: "squared_cosines", ownWieght: 2 })).toThrow(
      'squared_cosines: unknown option "ownWieght"; did you mean ownWeight?',
    );
    expect(() => createLoss({ kind: "squared_cosines", ownWeight: 0 })).toThrow(
      "squared_cosines: ownWeight must be > 0, got 0",
    );
    expect(() => createSchedule({ kind: "stairs" })).toThrow(
      /^unknown schedule "stairs"; known: .*stairs_down/,
    );
    expect(createOptimizer(optimizerSpec(read({ optimizer: { type: "careful_adam" } }))).learningRate).toBe(
      read({}).learning_rate / 2,
    );
  });
});
