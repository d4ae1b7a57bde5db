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

  it("pass where they mean something", () => {
    parseFitOptions(options());
    parseFitOptions(options({ runDir: "r/t/x", fresh: true, name: "x", modelOptions: {} }));
    parseFitOptions(options({ sampler: "class", itemsPerClass: 2 }));
    parseFitOptions(options({ itemsPerClass: 2, schedule: () => 1, scheduleBy: "batch" }));
  });
});
