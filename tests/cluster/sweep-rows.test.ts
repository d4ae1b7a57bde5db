import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readRunLog } from "../../lib/cluster/run-log.js";
import { RunQueue } from "../../lib/cluster/run-queue.js";
import { formatPlan, loadPlan, rowOf } from "../../lib/cluster/sweep-plan.js";
import { mergeRows, runRow } from "../../lib/cluster/sweep-rows.js";
import { FolderObjects } from "../../lib/files/objects/folder-objects.js";
import { PermanentError } from "../../lib/files/permanent-error.js";
import { runFolderOf } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

/** A sweep with a row that trains and one that cannot. */
function sweepOf(tiny: TinyDataset, epochs: number): string {
  const file = path.join(tiny.root, "sweep.yaml");
  const rows = [
    { name: "good", set: { "model.text_embedding.num_embeddings": "auto" } },
    { name: "small table", set: { "model.text_embedding.num_embeddings": 12 } },
  ];
  const set = { num_epochs: epochs };
  const sweep = { task_id: "s", title: "a question", base: tiny.config(), set, seeds: [1], rows };
  fs.writeFileSync(file, JSON.stringify(sweep));
  return file;
}

const resultsOf = (dir: string) =>
  ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"].map((name) =>
    fs.readFileSync(path.join(dir, name)).toString("base64"),
  );

describe("a plan", () => {
  it("numbers rows with a hash of what decides their results, and says the same when it is read from its own text", async () => {
    const tiny = tinyDataset();
    const plan = await loadPlan(sweepOf(tiny, 2));
    expect(plan.rows.map(({ index, row, seed, id }) => [index, row, seed, id])).toEqual([
      [0, "good", 1, "s/good-seed1"],
      [1, "small table", 1, "s/small-table-seed1"],
    ]);
    expect(plan.folders).toContain(tiny.dir);
    const hashes = (of: typeof plan) => of.rows.map(({ hash }) => hash);
    expect(new Set(hashes(plan)).size).toBe(2);
    const elsewhere = await loadPlan(sweepOf(tiny, 2), ["output_dir=other", "name=x"]);
    expect(hashes(elsewhere)).toEqual(hashes(plan));
    expect(hashes(await loadPlan(sweepOf(tiny, 2), ["learning_rate=0.5"]))).not.toEqual(hashes(plan));
    const file = path.join(tiny.root, "plan.json");
    fs.writeFileSync(file, formatPlan(plan));
    expect(await loadPlan(file)).toEqual(plan);
    expect(() => rowOf(plan, 2)).toThrow("--row: must be 0 to 1 in s, got 2");
    fs.writeFileSync(file, formatPlan(plan).replace('"qdrl_plan":1', '"qdrl_plan":1,"titel":""'));
    await expect(loadPlan(file)).rejects.toThrow(
      /must be a plan of qdrl submit, : Unrecognized key: "titel"/,
    );
  });

  it("is made of a single experiment too", async () => {
    const tiny = tinyDataset();
    expect(await loadPlan(tiny.config())).toMatchObject({
      task: "tiny",
      rows: [{ index: 0, id: "tiny/run" }],
    });
  });
});

describe("a row in a store", () => {
  it("ends with the same bytes on another machine after its worker was told to stop, and is merged from there", async () => {
    const tiny = tinyDataset();
    const plan = await loadPlan(sweepOf(tiny, 12));
    const { config, id } = rowOf(plan, 0);
    const alone = await train({ ...config, output_dir: path.join(tiny.root, "alone") });
    const { dir } = runFolderOf(config);
    const store = path.join(tiny.root, "store");
    const control = new AbortController();
    const lines: string[] = [];
    const line = (text: string) => {
      lines.push(text);
      if (text.endsWith("MB saved")) control.abort(); // a checkpoint is there, and the training goes on
    };
    const options = { store, threads: 1, saveMs: 20, leaseMs: 2000 };
    expect(await runRow(plan, 0, { ...options, listener: { line }, signal: control.signal })).toBeNull();
    fs.rmSync(dir, { recursive: true }); // another machine has another disk
    const run = await runRow(plan, 0, { ...options, listener: { line: (text) => lines.push(text) } });
    expect(run?.dir).toBe(dir);
    expect(resultsOf(dir)).toEqual(resultsOf(alone.dir));
    expect(lines.some((text) => /^attempt 2: \d+ files restored$/.test(text))).toBe(true);
    expect(lines.some((text) => /going on after \d+ epochs$/.test(text))).toBe(true);

    const objects = new FolderObjects(store);
    const log = await readRunLog(objects, id);
    const epochs = new Set(log.flatMap(({ message }) => /^epoch (\d+)\/12/.exec(message)?.[1] ?? []));
    expect([...epochs].map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    expect(await new RunQueue(objects).get(id)).toMatchObject({ state: "FINISHED", attempt: 2 });
    // contents that nothing names are gone, those of the first attempt too
    const keys = (await objects.list(`runs/${id}/`)).map(({ key }) =>
      key.slice(`runs/${id}/attempts/`.length),
    );
    expect(
      keys
        .filter((key) => key.startsWith("00001/"))
        .every((key) => /\/(claim|beat|end|released|log\/.*)$/.test(key)),
    ).toBe(true);
    const snapshot = JSON.parse(
      fs.readFileSync(path.join(store, `runs/${id}/attempts/00002/snapshot`), "utf8"),
    );
    const contents = keys.flatMap((key) => /00002\/files\/(.+)$/.exec(key)?.[1] ?? []);
    expect(contents.sort()).toEqual([...new Set(Object.values(snapshot))].sort());

    fs.rmSync(dir, { recursive: true });
    fs.renameSync(tiny.dir, `${tiny.dir}-away`); // tables need no data
    const merged = await mergeRows(plan, store);
    expect(merged.runs.map((found) => found.dir)).toEqual([dir]);
    expect(merged.missing.map(({ row, state }) => [row.index, state])).toEqual([[1, "not begun"]]);
    expect(resultsOf(dir)).toEqual(resultsOf(alone.dir));
  });

  it("fails for good where another try would fail in the same way, and is not mistaken for another configuration's", async () => {
    const tiny = tinyDataset();
    const plan = await loadPlan(sweepOf(tiny, 1));
    const options = { store: path.join(tiny.root, "store"), threads: 1, listener: {} };
    await expect(runRow(plan, 1, options)).rejects.toThrow(PermanentError);
    const queue = new RunQueue(new FolderObjects(options.store));
    expect(await queue.get("s/small-table-seed1")).toMatchObject({
      state: "FAILED",
      message: expect.stringContaining("num_embeddings: must be at least 40"),
    });
    const changed = await loadPlan(sweepOf(tiny, 1), ["learning_rate=0.5"]);
    await expect(runRow(changed, 1, options)).rejects.toThrow(
      /s\/small-table-seed1: .* holds a run of another configuration, must have hash/,
    );
    await expect(runRow(plan, 9, options)).rejects.toThrow(PermanentError);
    // without data anywhere
    fs.renameSync(tiny.dir, `${tiny.dir}-away`);
    await expect(runRow(plan, 0, options)).rejects.toThrow(
      /must be here or in .*, found in neither; qdrl sweep/,
    );
  });
});
