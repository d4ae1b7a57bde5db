import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type TinyDataset, tinyDataset } from "../training/tiny-dataset.js";

let tiny: TinyDataset;

function qdrl(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/qdrl.mjs", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
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
    expect(found.stdout.split("\n")[0]).toMatch(/^ {3}0 {2}0\.\d{3} {2}red shoe {2}\(d0\)$/);
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
      /^error: configs\/none\.yaml: cannot be read \(ENOENT\)\n$/,
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
      "an evaluation set that does not exist",
      (t) => ["train", t.config(), "--set", "recall_validation.sets=[test]"],
      /error: recall_validation\.sets: must name evaluation sets of .* \(queries\), got "test"\n$/,
    ],
    ["an unknown subcommand", () => ["trian"], /unknown command 'trian'\n\(Did you mean train\?\)/],
    [
      "a wrong cut-off",
      (t) => ["evaluate", t.dir, "--k", "ten"],
      /error: --k: must be numbers with commas between, got "ten"\n$/,
    ],
    [
      "no runs to report",
      (t) => ["report", t.dir],
      /error: .*: must be a run folder, got one without manifest\.json\n$/,
    ],
  ];
  for (const [what, args, message] of faults)
    it(`says in one line what is wrong: ${what}`, () => {
      const { status, stderr } = qdrl(...args(tiny));
      expect(stderr.replace(/^backend:.*\n/, "")).toMatch(message);
      expect(status).toBe(1);
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
