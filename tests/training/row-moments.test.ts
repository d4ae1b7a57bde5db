import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { latestCheckpoint } from "../../lib/tracking/checkpoint.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

describe("optimizer.row_moments: bfloat16", () => {
  const tiny = tinyDataset();
  const run = (overrides: string[], threads = 1) =>
    train(
      loadConfig(tiny.config(), ["optimizer.type=adam", "optimizer.row_moments=bfloat16", ...overrides]),
      { threads },
    );

  it.each(["fused", "tfjs"])(
    "goes on after a stop with the same bytes, %s engine, and is named in the manifest",
    async (engine) => {
      const whole = await run([`engine=${engine}`, `run_id=whole-${engine}`, "num_epochs=4"]);
      await run([`engine=${engine}`, `run_id=stopped-${engine}`, "num_epochs=2"]);
      const stopped = await run([`engine=${engine}`, `run_id=stopped-${engine}`, "num_epochs=4"], 2);
      for (const file of ["metrics.jsonl", "models/model.safetensors"])
        expect(fs.readFileSync(path.join(stopped.dir, file))).toEqual(
          fs.readFileSync(path.join(whole.dir, file)),
        );
      expect(whole.manifest().engine).toMatch(
        engine === "fused"
          ? /^fused, 1 thread, bfloat16 moments of rows$/
          : /^tfjs .*, bfloat16 moments of rows$/,
      );
      const { checkpoint } = latestCheckpoint(whole.checkpoints, () => {})!;
      const words = (name: string) => new Int32Array(checkpoint.optimizer[name]!.buffer);
      for (const slot of ["m", "v"]) {
        expect(words(`text.${slot}`).every((word) => (word & 0xffff) === 0)).toBe(true);
        expect(words(`text.${slot}`).some((word) => word !== 0)).toBe(true);
        expect(words(`query.0.weight.${slot}`).every((word) => (word & 0xffff) === 0)).toBe(false);
      }
    },
  );

  it("is refused where there are no such moments", () => {
    const refused =
      (...overrides: string[]) =>
      () =>
        loadConfig(tiny.config(), overrides);
    expect(refused("optimizer.type=sgd", "optimizer.row_moments=bfloat16")).toThrow(/row_moments/);
    expect(refused("optimizer.type=lamb", "optimizer.row_moments=bfloat16")).toThrow(/row_moments/);
    expect(refused("optimizer.type=adam", "optimizer.row_moments=float16")).toThrow(
      /optimizer.row_moments.*float16/,
    );
  });
});
