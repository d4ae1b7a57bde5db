import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { evaluateRobustness, readRobustness } from "../../lib/evaluation/robustness.js";
import { changedQueries, robustnessCurves, worstQueries } from "../../lib/evaluation/robustness-views.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { openRun } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

describe("evaluateRobustness", () => {
  it("measures every kind of typo asked for, clean queries beside them, and keeps the results in the run", async () => {
    const tiny = tinyDataset();
    const run = await train(loadConfig(tiny.config()), { threads: 1 });
    const misspellings = path.join(tiny.root, "typos");
    fs.mkdirSync(misspellings);
    fs.writeFileSync(path.join(misspellings, "manifest.json"), "{}");
    fs.writeFileSync(
      path.join(misspellings, "misspellings.json"),
      '{"misspelling":"stol","corrections":["stool"],"sources":["x"]}\n',
    );
    const { results, misspellableWords } = await evaluateRobustness(run.dir, {
      models: ["insertion", "real"],
      probabilities: [0.5, 1],
      misspellingsDir: misspellings,
    });
    const curves = robustnessCurves(results, "Recall@10");
    expect(curves.map(({ model, points }) => [model, points.map((p) => p.typo)])).toEqual([
      ["clean", [0]],
      ["insertion", [0.5, 1]],
      ["real", [0.5, 1]],
    ]);
    const [clean, insertion, real] = curves.map(({ points }) => points.at(-1)!.mean);
    expect(insertion).toBeLessThan(clean!);
    expect(real).toBeLessThanOrEqual(clean!); // few words have a misspelling, so real hurts less
    expect(real).toBeGreaterThan(insertion!);
    expect(misspellableWords).toBeGreaterThan(0);
    expect(misspellableWords).toBeLessThan(0.5);
    expect(readRobustness(openRun(run.dir))).toEqual(results);
    const worst = worstQueries(results, "Recall@10", 3);
    expect(worst).toHaveLength(3);
    expect(worst[0]!.clean - worst[0]!.misspelled).toBeGreaterThanOrEqual(
      worst[2]!.clean - worst[2]!.misspelled,
    );
    const changed = changedQueries(results, "Recall@10", "real", 1)!;
    expect(changed.queries).toBeGreaterThan(0);
    expect(changed.change.mean).toBeCloseTo(changed.misspelled - changed.clean, 12);
    expect(changedQueries(results, "Recall@10", "vowel", 1)).toBeNull();
    const clear = results.find((r) => r.id === worst[0]!.id && r.model === "clean")!;
    expect(worst[0]!.clean).toBe(clear.values["Recall@10"]);
    const { results: both } = await evaluateRobustness(run.dir, {
      models: ["insertion"],
      probabilities: [1],
      correct: true,
    });
    expect(both.filter((result) => !result.corrected)).toEqual(
      results.filter((r) => r.model === "clean" || (r.model === "insertion" && r.typo === 1)),
    );
    const [, , wrong, corrected] = robustnessCurves(both, "Recall@10");
    expect([wrong!.model, corrected!.model]).toEqual(["insertion", "insertion, corrected"]);
    expect(corrected!.points[0]!.mean).toBeGreaterThan(wrong!.points[0]!.mean);
    await expect(evaluateRobustness(run.dir, { set: "none" })).rejects.toThrow(
      'set must be one of queries, got "none"',
    );
    expect(() => readRobustness(openRun(path.join(tiny.root, "runs/tiny/other")))).toThrow(
      /must be a run folder/,
    );
  });
});
