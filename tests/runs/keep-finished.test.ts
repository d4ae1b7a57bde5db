import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeReport } from "../../lib/analysis/report-file.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import { distinctRuns } from "../../lib/tracking/distinct-runs.js";
import { openRun, type RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
let lexical: string;
let bm25: RunFolder;
beforeAll(async () => {
  tiny = tinyDataset();
  lexical = write("bm25.yaml", {});
  bm25 = await runExperiment(lexical, { listener: {} });
});

function write(name: string, changes: Record<string, unknown>): string {
  const file = path.join(tiny.root, name);
  const config = {
    ...{ system: "bm25", task_id: "tiny", run_id: "bm25", dataset_dir: tiny.dir },
    ...{ output_dir: path.join(tiny.root, "runs"), document_text: "document_name" },
    recall_validation: { enabled: true, k: [1, 10], query_typo_probabilities: [0] },
    ...changes,
  };
  fs.writeFileSync(file, JSON.stringify(config));
  return file;
}

const contents = (dir: string) =>
  fs
    .readdirSync(dir, { recursive: true, encoding: "utf8" })
    .sort()
    .filter((name) => fs.statSync(path.join(dir, name)).isFile())
    .map((name) => [
      name,
      createHash("sha256")
        .update(fs.readFileSync(path.join(dir, name)))
        .digest("hex"),
    ]);

describe("a finished run that is to start over", () => {
  it("is kept, byte for byte, when BM25's data, columns or measures are wrong", async () => {
    const before = contents(bm25.dir);
    for (const [name, changes, message] of [
      ["data", { dataset_dir: path.join(tiny.root, "none") }, /data set folder must exist/],
      ["column", { document_text: "nothing" }, /nothing/],
      ["measure", { recall_validation: { enabled: true, k: [1], measures: ["nDGC@10"] } }, /nDGC@10/],
    ] as const)
      await expect(
        runExperiment(write(`${name}.yaml`, changes), { listener: {}, fresh: true }),
      ).rejects.toThrow(message);
    expect(contents(bm25.dir)).toEqual(before);
    expect(fs.readdirSync(path.dirname(bm25.dir))).toEqual(["bm25"]);
  });

  it("is kept when a fusion of it cannot be made", async () => {
    const fusion = { system: "fusion", task_id: "tiny", run_id: "fused", output_dir: `${tiny.root}/runs` };
    const runs = [bm25.dir, write("other.yaml", { run_id: "other", b: 0 })];
    const settings = { k: [1, 10], query_typo_probabilities: [0] };
    const file = path.join(tiny.root, "fusion.yaml");
    const made = { ...fusion, runs, kind: "reciprocal-rank", recall_validation: settings };
    fs.writeFileSync(file, JSON.stringify(made));
    const run = await runExperiment(file, { listener: {} });
    const before = contents(run.dir);
    fs.writeFileSync(file, JSON.stringify({ ...made, recall_validation: { ...settings, sets: ["none"] } }));
    await expect(runExperiment(file, { listener: {}, fresh: true })).rejects.toThrow(/sets/);
    expect(contents(run.dir)).toEqual(before);
  });

  it("is kept when training's data, table or evaluation are wrong, and replaced when nothing is", async () => {
    const config = (...set: string[]) => loadConfig(tiny.config(), ["num_epochs=1", "run_id=dense", ...set]);
    const run = await train(config(), { listener: {}, threads: 1 });
    const before = contents(run.dir);
    for (const [set, message] of [
      ["dataset_dir=data/none", /data set folder must exist/],
      ["model.text_embedding.num_embeddings=20", /must be at least/],
      ["recall_validation.sets=[none]", /must name evaluation sets/],
      ["batch_size=100000", /batch/],
    ] as const)
      await expect(train(config(set), { listener: {}, threads: 1, fresh: true }), set).rejects.toThrow(
        message,
      );
    expect(contents(run.dir)).toEqual(before);
    const again = await train(config("seed=8"), { listener: {}, threads: 1, fresh: true });
    expect(again.manifest()).toMatchObject({ seed: 8, status: "finished" });
  });

  it("is never replaced by a run of another kind, nor is a folder that is no run", async () => {
    const run = await train(loadConfig(tiny.config(), ["num_epochs=1", "run_id=taken"]), {
      ...{ listener: {}, threads: 1 },
    });
    await expect(runExperiment(write("taken.yaml", { run_id: "taken" }), { listener: {} })).rejects.toThrow(
      `${run.dir}: must be free or hold a run of kind bm25, got one of kind dense; choose another run_id`,
    );
    const notes = path.join(tiny.root, "runs/tiny/notes");
    fs.mkdirSync(notes);
    fs.writeFileSync(path.join(notes, "idea.txt"), "mine");
    for (const fresh of [false, true])
      await expect(
        runExperiment(write("notes.yaml", { run_id: "notes" }), { listener: {}, fresh }),
      ).rejects.toThrow(
        `${notes}: must be empty or hold config.yaml or manifest.json to be replaced, got idea.txt`,
      );
    await expect(
      train(loadConfig(tiny.config(), ["run_id=notes"]), { listener: {}, fresh: true }),
    ).rejects.toThrow(/must be empty or hold config\.yaml/);
    expect(fs.readFileSync(path.join(notes, "idea.txt"), "utf8")).toBe("mine");
  });
});

describe("a run that is given twice", () => {
  it("counts once: by folder, by another path to it, and as a copy elsewhere", () => {
    const copy = path.join(tiny.root, "copies/bm25");
    fs.cpSync(bm25.dir, copy, { recursive: true });
    const config = path.join(copy, "config.yaml");
    fs.writeFileSync(config, fs.readFileSync(config, "utf8").replace("run_id: bm25", "run_id: copy"));
    const other = path.join(tiny.root, "copies/other");
    fs.cpSync(bm25.dir, other, { recursive: true });
    fs.appendFileSync(path.join(other, "config.yaml"), "delta: 3\n");
    const lines: string[] = [];
    const runs = [bm25.dir, `${bm25.dir}/`, copy, other].map(openRun);
    const kept = distinctRuns(runs, { line: (text) => lines.push(text) });
    expect(kept.map((run) => run.dir)).toEqual([bm25.dir, other]);
    expect(lines).toEqual([
      `${bm25.dir}/: left out, as it is given twice; a repetition needs another seed`,
      `${copy}: left out, as it is the same run as ${bm25.dir}; a repetition needs another seed`,
    ]);
  });

  it("is one seed in a report, whose baseline must be one of its systems", async () => {
    const page = path.join(tiny.root, "page.html");
    const results = await writeReport([bm25.dir, bm25.dir], page, { listener: {} });
    expect(results[0]!.rows.map((row) => row.runs.length)).toEqual([1]);
    await expect(writeReport([bm25.dir], page, { listener: {}, baseline: "nothere" })).rejects.toThrow(
      'baseline: must be one of BM25, got "nothere"',
    );
  });
});
