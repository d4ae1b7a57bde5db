import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadSweep } from "../../lib/experiment/load-sweep.js";
import { runSweep } from "../../lib/runs/run-sweep.js";
import { startTrainingProcess } from "../../lib/runs/training-process.js";
import { tinyDataset } from "../support/tiny-dataset.js";

function sweepFile(root: string, sweep: Record<string, unknown>): string {
  const file = path.join(root, "sweep.yaml");
  fs.writeFileSync(file, JSON.stringify({ task_id: "s", title: "a question", ...sweep }));
  return file;
}

describe("loadSweep", () => {
  const tiny = tinyDataset();
  const base = tiny.config();

  it("makes a run of every row, grid point and seed, each with a configuration of its own", () => {
    const file = sweepFile(tiny.root, {
      base,
      set: { num_epochs: 2 },
      seeds: [4, 5],
      rows: [
        { name: "softmax", set: {} },
        { name: "triplet", set: { loss: { type: "triplet", margin: 0.2 } } },
      ],
      grid: { batch_size: [8, 16] },
    });
    const sweep = loadSweep(file, ["log_every=7"]);
    expect(sweep.rows).toEqual([
      "softmax, batch_size 8",
      "softmax, batch_size 16",
      "triplet, batch_size 8",
      "triplet, batch_size 16",
    ]);
    expect(sweep.baseline).toBe("softmax, batch_size 8");
    expect(sweep.runs).toHaveLength(8);
    expect(new Set(sweep.runs.map((run) => run.config.run_id)).size).toBe(8);
    expect(sweep.runs[7]!.config).toMatchObject({
      task_id: "s",
      run_id: "triplet-batch-size-16-seed5",
      seed: 5,
      batch_size: 16,
      num_epochs: 2,
      log_every: 7,
      loss: { type: "triplet", margin: 0.2 },
    });
  });

  it("names the row whose configuration is wrong, before anything is trained", () => {
    const file = sweepFile(tiny.root, {
      base,
      rows: [
        { name: "good", set: {} },
        { name: "bad", set: { "loss.temperature": -1 } },
      ],
    });
    expect(() => loadSweep(file)).toThrow(
      /sweep\.yaml: row "bad": --set loss\.temperature: loss\.temperature must be > 0, got -1$/,
    );
    const none = sweepFile(tiny.root, { base });
    expect(() => loadSweep(none)).toThrow(/rows, or a grid of at least one key, is required/);
    const other = sweepFile(tiny.root, { base, grid: { batch_size: [8] }, baseline: "x" });
    expect(() => loadSweep(other)).toThrow(/baseline must be one of batch_size 8, got "x"$/);
  });

  it("reads every sweep and ablation that comes with the workspace", () => {
    for (const folder of ["configs/sweeps", "configs/studies"])
      for (const name of fs.readdirSync(folder))
        expect(loadSweep(path.join(folder, name)).runs.length, name).toBeGreaterThan(1);
  });
});

describe("runSweep", () => {
  it("trains in worker processes, reports a failure without stopping, and goes on with what is missing, two at once alike", async () => {
    const tiny = tinyDataset();
    const file = sweepFile(tiny.root, {
      base: tiny.config(),
      seeds: [1, 2],
      set: { num_epochs: 1 },
      rows: [
        { name: "a", set: {} },
        { name: "b", set: { "model.text_embedding.num_embeddings": 12 } },
      ],
    });
    const lines: string[] = [];
    const first = await runSweep(loadSweep(file), { listener: { line: (text) => lines.push(text) } });
    expect(first.runs.map((run) => path.basename(run.dir))).toEqual(["a-seed1", "a-seed2"]);
    expect(first.trained).toBe(2);
    for (const { model, checkpoints } of first.runs)
      expect([fs.existsSync(model), fs.existsSync(checkpoints)]).toEqual([true, false]);
    expect(first.failed.map(({ row, seed }) => [row, seed])).toEqual([
      ["b", 1],
      ["b", 2],
    ]);
    expect(lines.join()).toContain("num_embeddings: must be at least 40");

    const bytes = () =>
      ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"].map((name) =>
        fs.readFileSync(path.join(tiny.root, "runs/s/a-seed2", name)).toString("base64"),
      );
    const alone = bytes();
    fs.rmSync(path.join(tiny.root, "runs/s/a-seed2"), { recursive: true });
    const untouched = fs.statSync(path.join(tiny.root, "runs/s/a-seed1/manifest.json")).mtimeMs;
    const sweep = loadSweep(
      sweepFile(tiny.root, {
        base: tiny.config(),
        seeds: [1, 2],
        set: { num_epochs: 1 },
        rows: [{ name: "a", set: {} }],
      }),
    );
    const waits: string[] = [];
    const listener = { line: (text: string) => waits.push(text) };
    const twoAtOnce = [1, 2].map(() => runSweep(sweep, { workers: 1, listener }));
    for (const again of await Promise.all(twoAtOnce)) {
      expect(again).toMatchObject({ trained: 1, failed: [] });
      expect(again.runs).toHaveLength(2);
    }
    expect(waits.filter((line) => line.includes("another process works on it; waiting"))).toHaveLength(1);
    expect(bytes()).toEqual(alone);
    expect(fs.statSync(path.join(tiny.root, "runs/s/a-seed1/manifest.json")).mtimeMs).toBe(untouched);
  });

  it("leaves no worker behind when it is ended from outside", async () => {
    const tiny = tinyDataset();
    const file = sweepFile(tiny.root, {
      base: tiny.config(),
      set: { num_epochs: 100_000 },
      seeds: [1, 2],
      rows: [{ name: "long", set: {} }],
    });
    const worker = startTrainingProcess();
    worker.send({ config: loadSweep(file).runs[0]!.config, threads: 1 });
    await once(worker, "message"); // it trains
    worker.disconnect(); // what its parent's end does
    expect((await once(worker, "exit"))[0]).toBe(1);
  });
});
