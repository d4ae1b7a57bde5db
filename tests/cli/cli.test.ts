import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { evaluatedRuns } from "../../lib/analysis/run-list.js";
import { main } from "../../lib/cli/main.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;

function qdrl(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/qdrl.mjs", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** The same command line without the second that a process takes to start. */
async function inProcess(args: readonly string[]) {
  const written: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    return { status: await main(args), stderr: written.join("") };
  } finally {
    spy.mockRestore();
  }
}

beforeAll(() => {
  tiny = tinyDataset();
});

describe("qdrl", () => {
  it("trains, evaluates, searches and reports from the shell", () => {
    const trained = qdrl("train", tiny.config(), "--set", "num_epochs=2", "--seed", "5");
    expect(trained.stderr).toContain("epoch 2/2: 100 % of 672 pairs");
    expect(trained.status).toBe(0);
    expect(trained.stdout).toMatch(/Recall@1\s/);
    const run = path.join(tiny.root, "runs/tiny/run");
    expect(JSON.parse(fs.readFileSync(path.join(run, "manifest.json"), "utf8"))).toMatchObject({
      seed: 5,
      status: "finished",
    });

    const evaluated = qdrl("evaluate", run, "--k", "1,3", "--typos", "0");
    expect(evaluated.stdout).toContain("Recall@3");
    const found = qdrl("search", run, "red", "sneaker", "-k", "2");
    expect(found.stdout.split("\n")[0]).toMatch(/^ {3}1 {2}0\.\d{3} {2}red shoe {2}\(d0\)$/);
    const typed = spawnSync(process.execPath, ["tools/qdrl.mjs", "search", run, "-k", "1"], {
      encoding: "utf8",
      input: "blue seat\n\n",
    });
    expect(typed.stdout).toContain("blue chair");

    const points = path.join(tiny.root, "points");
    expect(qdrl("projector", run, "--queries", "5", "-o", points).stdout).toContain("53 points");
    expect(fs.readFileSync(path.join(points, "tensors.tsv"), "utf8").trim().split("\n")).toHaveLength(53);

    const page = path.join(tiny.root, "page.html");
    const reported = qdrl("report", run, "-o", page);
    expect(reported.stdout).toContain(`report: ${page}`);
    const markup = fs.readFileSync(page, "utf8").replace(/<script[\s\S]*?<\/script>/g, "");
    expect(markup).not.toMatch(/(src|href)="https?:/);
    expect(markup).toContain("Recall@1");
  });

  const faults: [string, (tiny: TinyDataset) => string[], RegExp][] = [
    [
      "a missing configuration",
      () => ["train", "configs/none.yaml"],
      /^error: configs\/none\.yaml: must exist, found none\n$/,
    ],
    [
      "a misspelled configuration",
      () => ["train", "configs/emoji/basline.yaml"],
      /^error: configs\/emoji\/basline\.yaml: must exist, found none; did you mean configs\/emoji\/baseline\.yaml\?\n$/,
    ],
    [
      "a sweep given to train",
      () => ["train", "configs/sweeps/margin.yaml"],
      /^error: configs\/sweeps\/margin\.yaml: must be an experiment with an encoder, for qdrl train, got a sweep, for qdrl sweep\n$/,
    ],
    [
      "a baseline given to sweep",
      () => ["sweep", "configs/emoji/bm25.yaml"],
      /^error: configs\/emoji\/bm25\.yaml: must be a sweep, for qdrl sweep, got a file of system bm25, for qdrl train\n$/,
    ],
    [
      "an override of an unknown section",
      (t) => ["train", t.config(), "--set", "modl.output_dim=3"],
      /^error: --set modl\.output_dim: modl is not a known key; did you mean model\?\n$/,
    ],
    ["a cut-off of 0", (t) => ["evaluate", t.dir, "--k", "0"], /^error: --k: must be ≥ 1, got "0"\n$/],
    [
      "a probability of 2",
      (t) => ["evaluate", t.dir, "--typos", "0,2"],
      /^error: --typos: must be ≤ 1, got "0,2"\n$/,
    ],
    [
      "a page that is a folder",
      (t) => ["report", t.dir, "-o", t.root],
      /^error: --output: must be a file, got the folder .*\n$/,
    ],
    [
      "a page below a file",
      (t) => ["report", t.dir, "-o", `${t.config()}/page.html`],
      /^error: .*\.yaml: must be a folder, got a file \(EEXIST\)\n$/,
    ],
    [
      "a wrong key",
      (t) => ["train", t.config({ batchsize: 3 })],
      /^error: .*:1: batchsize is not a known key; did you mean batch_size\?\n$/,
    ],
    [
      "a missing data set",
      (t) => ["train", t.config(), "--set", "dataset_dir=data/none"],
      /error: data\/none: data set folder must exist, found none; build it with: npm run qdrl -- data build\n$/,
    ],
    [
      "a vocabulary larger than the table",
      (t) => ["train", t.config(), "--set", "model.text_embedding.num_embeddings=20"],
      /error: model\.text_embedding\.num_embeddings: must be at least 40 \(dictionary and OOV buckets\), got 20\n$/,
    ],
    [
      "a missing column",
      (t) => [
        "train",
        t.config(),
        "--set",
        "dataset.query_features.0.name=phrase",
        "--set",
        "model.query.text_feature=phrase",
      ],
      /error: .*queries\.json: field "phrase" must be present/,
    ],
    [
      "a folder that is no run",
      () => ["search", "configs"],
      /^error: configs: must be a run folder, got one without manifest\.json\n$/,
    ],
    [
      "a folder that does not exist",
      (t) => ["search", `${t.root}/none`],
      /^error: .*none: must be a run folder, found none\n$/,
    ],
    [
      "an evaluation set that does not exist",
      (t) => ["train", t.config(), "--set", "recall_validation.sets=[test]"],
      /error: recall_validation\.sets: must name evaluation sets of .* \(queries, validation\), got "test"\n$/,
    ],
    ["an unknown subcommand", () => ["trian"], /unknown command 'trian'\n\(Did you mean train\?\)/],
    [
      "a wrong cut-off",
      (t) => ["evaluate", t.dir, "--k", "ten"],
      /error: --k: must be a number, got "ten"\n$/,
    ],
    [
      "no runs to report",
      (t) => ["report", t.dir],
      /error: .*: must be a run folder, got one without manifest\.json\n$/,
    ],
  ];
  for (const [what, args, message] of faults)
    it(`says in one line what is wrong: ${what}`, async () => {
      const { status, stderr } = await inProcess(args(tiny));
      expect(stderr.replace(/^backend:.*\n/, "")).toMatch(message);
      expect(status).toBe(1);
    });

  it("ends in order when told to stop, and goes on with the same command", async () => {
    const file = tiny.config({ run_id: "stopped", num_epochs: 400, tensorboard: false });
    const child = spawn(process.execPath, ["tools/qdrl.mjs", "train", file], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    child.stderr.on("data", (text) => {
      const before = /epoch 2\/400/.test(told);
      told += text;
      if (!before && /epoch 2\/400/.test(told)) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(told).toMatch(
      /stopped; finished runs are kept, the same command goes on from the last checkpoint \(one a minute\)\n$/,
    );
    expect(code).toBe(130);
    const tasks = path.join(tiny.root, "runs/tiny");
    expect(fs.readdirSync(tasks).filter((name) => name.includes(".lock"))).toEqual([]);
    const { stderr } = qdrl("train", file, "--set", "num_epochs=5");
    expect(stderr).toMatch(/going on after \d+ epochs/);
  });

  it("leaves a run without results out of a report of all runs", async () => {
    const root = path.join(tiny.root, "some");
    const quick = { num_epochs: 1, tensorboard: false };
    const settings = { output_dir: path.dirname(root), task_id: "some", ...quick };
    await train(loadConfig(tiny.config({ ...settings, run_id: "whole" })));
    await expect(
      train(
        loadConfig(
          tiny.config({
            ...settings,
            ...{ run_id: "failed", batch_size: 1000, streaming: { mode: "always" } }, // found while it reads
          }),
        ),
      ),
    ).rejects.toThrow("an epoch must hold a batch");
    const told: string[] = [];
    const runs = evaluatedRuns(root, { line: (text) => told.push(text) });
    expect(runs.map(({ dir }) => path.basename(dir))).toEqual(["whole"]);
    expect(told).toEqual([`${root}/failed: left out, as it was never evaluated (failed)`]);
  });

  it("counts malformed lines, goes on up to the limit and stops beyond it", () => {
    const broken = tinyDataset();
    const file = path.join(broken.dir, "recall_validation_items_dataset/items.json");
    fs.appendFileSync(
      file,
      '{"document_id": "x1", \n{"document_id": "d0", "document_name": "red shoe again", "document_category_id": "shoe"}\n',
    );
    const going = qdrl("train", broken.config(), "--set", "num_epochs=1", "--set", "max_malformed_rows=1");
    expect(going.stderr).toMatch(/1 malformed rows left out: .*items\.json:49: /);
    expect(going.stderr).toMatch(/1 repeated document ids, the last row of each is kept/);
    expect(going.status).toBe(0);
    const manifest = JSON.parse(
      fs.readFileSync(path.join(broken.root, "runs/tiny/run/manifest.json"), "utf8"),
    );
    expect(manifest.counts).toMatchObject({
      "queries documents: malformed rows": 1,
      "queries documents: duplicate ids": 1,
    });
    const stopped = qdrl("train", broken.config({ run_id: "strict", max_malformed_rows: 0 }));
    expect(stopped.stderr).toMatch(/error: .*items\.json:49: /);
    expect(stopped.status).toBe(1);
    expect(fs.existsSync(path.join(broken.root, "runs/tiny/strict"))).toBe(false);
  });

  it("leaves relevant documents that the pool lacks out and counts them", () => {
    const broken = tinyDataset();
    const file = path.join(broken.dir, "recall_validation_queries_dataset/queries.json");
    fs.appendFileSync(file, '{"query_search_phrase": "ghost", "relevant_document_ids": ["nowhere"]}\n');
    const { stderr, status } = qdrl("train", broken.config(), "--set", "num_epochs=1");
    expect(stderr).toContain(
      "1 relevant documents are not in the pool; 1 queries without any other are left out",
    );
    expect(status).toBe(0);
  });
});
