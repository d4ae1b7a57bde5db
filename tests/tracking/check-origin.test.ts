import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportProjector } from "../../lib/analysis/export-projector.js";
import { writeDictionary } from "../../lib/datasets/dictionary-file.js";
import { openDataset } from "../../lib/datasets/open-dataset.js";
import { reevaluateRun } from "../../lib/evaluation/reevaluate-run.js";
import { evaluateRobustness } from "../../lib/evaluation/robustness.js";
import { saveThreshold } from "../../lib/evaluation/run-threshold.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { bm25System } from "../../lib/retrieval/retrievers/bm25-system.js";
import { fusionSystem } from "../../lib/retrieval/retrievers/fusion-system.js";
import { loadSystemConfig } from "../../lib/retrieval/retrievers/load-any-config.js";
import { openSearch } from "../../lib/retrieval/retrievers/search-run.js";
import { exportRun } from "../../lib/runs/export-run.js";
import { runSystem } from "../../lib/runs/run-system.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
let run: RunFolder;
let bm25: RunFolder;
const config = (overrides: string[] = []) =>
  loadConfig(tiny.config(), ["num_epochs=1", "recall_validation.query_typo_probabilities=[0]", ...overrides]);
beforeAll(async () => {
  tiny = tinyDataset();
  run = await train(config());
  bm25 = await runSystem(bm25System, loadSystemConfig(bm25System, yaml("bm25", `dataset_dir: ${tiny.dir}`)));
});
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

function yaml(system: string, keys: string): string {
  const file = path.join(tiny.root, `${system}.yaml`);
  fs.writeFileSync(
    file,
    `system: ${system}\ntask_id: tiny\nrun_id: ${system}\noutput_dir: ${tiny.root}/runs\nrecall_validation: {k: [1, 5], query_typo_probabilities: [0]}\n${keys}\n`,
  );
  return file;
}

describe("a run whose data set has changed since", () => {
  it("is not evaluated, searched, exported or given a threshold, and keeps its results", async () => {
    const dictionary = path.join(tiny.dir, "tokens");
    const file = path.join(dictionary, fs.readdirSync(dictionary)[0]!);
    const words = fs.readFileSync(file);
    const before = openDataset(tiny.dir).fingerprint;
    const results = fs.readFileSync(path.join(run.dir, "queries.jsonl.gz"));
    writeDictionary(dictionary, "token", [
      { key: "red", id: 2 },
      { key: "blue", id: 1 },
    ]);
    const after = openDataset(tiny.dir).fingerprint;
    const refusal = `fingerprint of ${tiny.dir} must be ${before.slice(0, 16)}…, got ${after.slice(0, 16)}…`;
    const out = path.join(tiny.root, "out");
    const uses: Record<string, () => Promise<unknown>> = {
      evaluate: () => reevaluateRun(run),
      "evaluate BM25": () => reevaluateRun(bm25),
      robustness: () => evaluateRobustness(run.dir),
      search: () => openSearch(run.dir),
      threshold: () => saveThreshold(run.dir, { criterion: { kind: "f1" } }),
      projector: () =>
        exportProjector(run.dir, out, { documents: 9, queries: 0, category: "document_category_id" }),
      export: () => exportRun(run.dir, out),
    };
    for (const [name, use] of Object.entries(uses)) await expect(use(), name).rejects.toThrow(refusal);
    expect(fs.existsSync(out)).toBe(false);
    expect(fs.readFileSync(path.join(run.dir, "queries.jsonl.gz")).equals(results)).toBe(true);
    fs.writeFileSync(file, words);
    await reevaluateRun(run);
    expect(fs.readFileSync(path.join(run.dir, "queries.jsonl.gz")).equals(results)).toBe(true);
  });
});

describe("a run made of others", () => {
  it("is taken as it is while they answer the same, whatever the clock says, and else refused or made again", async () => {
    const fusion = loadSystemConfig(
      fusionSystem,
      yaml("fusion", `runs: [${bm25.dir}, ${run.dir}]\nkind: reciprocal-rank`),
    );
    const make = async () => {
      const lines: string[] = [];
      const fused = await runSystem(fusionSystem, fusion, { listener: { line: (text) => lines.push(text) } });
      return { fused, reused: lines.some((line) => line.includes("already finished")) };
    };
    const { fused, reused } = await make();
    expect(reused).toBe(false);
    expect(fused.manifest().madeOf).toEqual(
      [bm25, run].map((part) => ({ run: part.dir, content: part.contentOf() })),
    );
    const late = "2999-01-01T00:00:00.000Z";
    run.writeManifest({ ...run.manifest(), startedAt: late, endedAt: late });
    expect((await make()).reused).toBe(true);
    const early = "1999-01-01T00:00:00.000Z";
    await train(config(["seed=9"]), { fresh: true });
    run.writeManifest({ ...run.manifest(), startedAt: early, endedAt: early });
    await expect(openSearch(fused.dir)).rejects.toThrow(
      /fusion: is made of .*run, whose content must be [0-9a-f]{16}…, got [0-9a-f]{16}…/,
    );
    expect((await make()).reused).toBe(false);
    expect((await make()).reused).toBe(true);
  });

  it("has a threshold for the model that it was chosen with alone", async () => {
    await saveThreshold(run.dir, { criterion: { kind: "f1" } });
    await openSearch(run.dir);
    const kept = fs.readFileSync(path.join(run.dir, "threshold.json"));
    await train(config(["seed=10"]), { fresh: true });
    fs.writeFileSync(path.join(run.dir, "threshold.json"), kept);
    await expect(openSearch(run.dir)).rejects.toThrow(
      /threshold\.json: is for the run with content [0-9a-f]{16}…, got /,
    );
  });
});
