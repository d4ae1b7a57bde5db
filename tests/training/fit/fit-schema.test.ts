import { describe, expect, it } from "vitest";
import { UserError } from "../../../lib/files/user-error.js";
import { fit } from "../../../lib/training/fit/fit.js";
import type { FitOptions } from "../../../lib/training/fit/fit-options.js";
import { parseFitOptions } from "../../../lib/training/fit/fit-schema.js";

const options = (more: Record<string, unknown> = {}) =>
  ({ model: "TwoTower", trainData: "data/none", loss: "batch_softmax", ...more }) as unknown as FitOptions;

describe("options of fit", () => {
  it("are refused by name when there are none of that name, before data are read", async () => {
    await expect(fit(options({ lerningRate: 0.1 }))).rejects.toThrow(
      new UserError("fit: lerningRate is not a known key; did you mean learningRate?"),
    );
    expect(() => parseFitOptions(options({ epochs: 1, constructor: 1 }))).toThrow(
      /^fit: constructor is not a known key/,
    );
  });

  it("are refused where they would be dropped", () => {
    for (const [more, message] of [
      [{ fresh: true }, "fit: fresh must be given with runDir only, got true"],
      [
        { loss: () => 0 },
        "fit: loss: must be a loss: a name, or { kind, … }; a function of your own gets its name by registerLoss(name, () => f)",
      ],
      [{ name: "mine" }, 'fit: name must be given with runDir only, got "mine"'],
      [{ evaluation: {} }, "fit: evaluation must be given with runDir only, got an object"],
      [{ scheduleBy: "epoch" }, 'fit: scheduleBy must be given with schedule only, got "epoch"'],
      [
        { sampler: "random", views: 3 },
        "fit: views must be given with sampler instance only, got 3 with sampler random",
      ],
      [
        { model: { kind: "TwoTower" }, modelOptions: {} },
        "fit: modelOptions must be given with a model's name only, got a model that is made",
      ],
    ] as const)
      expect(() => parseFitOptions(options(more))).toThrow(new UserError(message));
  });

  it("of the fine-tuner that there are none of here are refused with the reason", () => {
    for (const [key, value, reason] of [
      ["input_dtype", "float32", /^fit: input_dtype must be left out, as engines compute in float32/],
      ["to_embedding_model", true, /^fit: to_embedding_model must be left out, as freeze, layerName/],
      ["public", true, /^fit: public must be left out, as it belongs to the stored file/],
    ] as const)
      expect(() => parseFitOptions(options({ [key]: value }))).toThrow(reason);
  });

  it("take a picture's size as a number or a shape", () => {
    const sizeOf = (more: Record<string, unknown>) =>
      parseFitOptions(options({ model: "cnn", ...more })).modelOptions;
    for (const inputSize of [48, [48, 48], [3, 48, 48]])
      expect(sizeOf({ input_size: inputSize, modelOptions: { outputDim: 8 } })).toEqual({
        outputDim: 8,
        pictureSize: 48,
      });
    for (const [more, message] of [
      [{ inputSize: [3, 48, 32] }, "fit: inputSize must be of a square picture, got [3, 48, 32]"],
      [
        { inputSize: 48, modelOptions: { picture_size: 48 } },
        "fit: inputSize must be left out with modelOptions.pictureSize, got both",
      ],
      [
        { inputSize: 48, model: { kind: "Towers" } },
        "fit: inputSize must be given with a model's name only, got a model that is made",
      ],
    ] as const)
      expect(() => sizeOf(more)).toThrow(new UserError(message));
    expect(() => sizeOf({ inputSize: [1, 48, 48] })).toThrow(/inputSize/);
  });

  it("pass where they mean something", () => {
    parseFitOptions(options());
    parseFitOptions(options({ runDir: "r/t/x", fresh: true, name: "x", modelOptions: {} }));
    parseFitOptions(options({ sampler: "class", itemsPerClass: 2 }));
    parseFitOptions(options({ itemsPerClass: 2, schedule: () => 1, scheduleBy: "batch" }));
  });
});
