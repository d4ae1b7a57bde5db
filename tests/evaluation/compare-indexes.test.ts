import fs from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareIndexes } from "../../lib/evaluation/compare-indexes.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
});
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

describe("compareIndexes", () => {
  it("gives exhaustive search and all clusters full recall and the run's own quality, fewer clusters less", async () => {
    const settings = ["num_epochs=1", "recall_validation.measures=[nDCG@10]"];
    for (const runtime of ["tfjs", "onnx"]) {
      const overrides = [...settings, `run_id=${runtime}`, `recall_validation.encode_with=${runtime}`];
      const run = await train(loadConfig(tiny.config(), overrides));
      const clean = run.queries().filter((result) => result.typo === 0);
      const set = clean[0]!.set;
      const own = clean.filter((result) => result.set === set).map((result) => result.values["nDCG@10"]!);
      const clusters = (probes: number) => ({ kind: "clusters" as const, clusters: 6, probes });
      const [exact, all, one] = await compareIndexes(
        run.dir,
        [
          { name: "exhaustive", index: { kind: "exact" } },
          { name: "all", index: clusters(6) },
          { name: "one", index: clusters(1) },
        ],
        { set, measure: "nDCG@10", rounds: 1 },
      );
      for (const full of [exact!, all!]) {
        expect(full.recall).toBe(1);
        expect(full.quality.mean).toBeCloseTo(own.reduce((a, b) => a + b) / own.length, 6);
      }
      expect(one!.recall).toBeGreaterThan(0);
      expect(one!.recall).toBeLessThan(1);
      await expect(compareIndexes(run.dir, [], { set: "none", measure: "nDCG@10" })).rejects.toThrow(
        "compareIndexes: set must be one of",
      );
    }
  });
});
