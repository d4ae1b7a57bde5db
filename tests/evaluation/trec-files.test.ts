import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readQrels, readTrecRun } from "../../lib/datasets/trec.js";
import { reevaluateRun as evaluateAgain } from "../../lib/evaluation/reevaluate-run.js";
import { exportTrec, importTrec } from "../../lib/evaluation/trec-files.js";
import { scoreRun } from "../../lib/metrics/score-run.js";
import { bm25System } from "../../lib/retrieval/retrievers/bm25-system.js";
import { loadSystemConfig } from "../../lib/retrieval/retrievers/load-any-config.js";
import { runSystem } from "../../lib/runs/run-system.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

const QUERIES = "recall_validation_queries_dataset/queries.json";

let tiny: TinyDataset;
let bm25: RunFolder;
let out: string;

beforeAll(async () => {
  tiny = tinyDataset();
  out = path.join(tiny.root, "trec");
  const file = path.join(tiny.root, "bm25.yaml");
  const settings = {
    task_id: "tiny",
    run_id: "bm25",
    dataset_dir: tiny.dir,
    output_dir: `${tiny.root}/runs`,
  };
  const evaluation = { k: [1, 5], measures: ["nDCG@10", "MAP"], query_typo_probabilities: [0, 0.5] };
  const lines = Object.entries({ ...settings, recall_validation: evaluation });
  fs.writeFileSync(
    file,
    `system: bm25\n${lines.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join("\n")}\n`,
  );
  bm25 = await runSystem(bm25System, loadSystemConfig(bm25System, file));
});

const options = () => ({
  ...{ set: "queries", system: "foreign", taskId: "tiny", runId: "foreign", measures: ["nDCG@10"] },
  ...{ outputDir: path.join(tiny.root, "runs"), datasetDir: tiny.dir },
});

describe("exportTrec", () => {
  it("writes files that score as the run does, clean and misspelled", async () => {
    const files = await exportTrec(bm25.dir, out, { typos: [0, 0.5], depth: 40 });
    expect(files.map(({ typo, queries }) => [typo, queries])).toEqual([
      [0, 12],
      [0.5, 12],
    ]);
    for (const { typo, qrels, run } of files) {
      const { values, queries } = scoreRun(readQrels(qrels), readTrecRun(run), ["nDCG@10", "MAP"]);
      const kept = bm25.queries().filter((result) => result.typo === typo);
      expect(queries).toEqual(kept.map(({ id }) => id));
      for (const measure of ["nDCG@10", "MAP"])
        kept.forEach((result, q) => {
          expect(values[measure]![q]).toBeCloseTo(result.values[measure]!, 12);
        });
    }
  });

  it("refuses sets that the run does not have, and no depth", async () => {
    await expect(exportTrec(bm25.dir, out, { sets: ["dev"] })).rejects.toThrow(
      'sets must be of queries, got "dev"',
    );
    await expect(exportTrec(bm25.dir, out, { depth: 0 })).rejects.toThrow(
      "depth must be a positive integer, got 0",
    );
  });
});

describe("importTrec", () => {
  it("gives back what was exported, as a run that answers its own queries", async () => {
    const [clean] = await exportTrec(bm25.dir, out, { depth: 40 });
    const run = await importTrec(clean!.run, options());
    const own = bm25.queries().filter((result) => result.typo === 0);
    const back = run.queries();
    expect(back.map(({ id, values }) => [id, values["nDCG@10"]])).toEqual(
      own.map(({ id, values }) => [id, values["nDCG@10"]]),
    );
    expect(back[0]!.top.slice(0, 5).map(([id]) => id)).toEqual(own[0]!.top.slice(0, 5).map(([id]) => id));
    expect(run.manifest()).toMatchObject({ kind: "rankings", system: "foreign", status: "finished" });
    await evaluateAgain(run.dir, { ks: [1], typoProbabilities: [0] });
    expect(run.queries().map(({ values }) => values["MRR@1"])).toEqual(
      own.map(({ values }) => values["MRR@1"]),
    );
    await expect(evaluateAgain(run.dir, { typoProbabilities: [0.9] })).rejects.toThrow(
      "queries must be those that were ranked, as they are spelled",
    );
  });

  it("orders as trec_eval does, keeps the ranks of unknown documents and counts what is missing", async () => {
    const own = bm25.queries().filter((result) => result.typo === 0);
    const [first, second] = [own[0]!, own[1]!];
    const file = path.join(tiny.root, "own.run");
    const lines = [
      `${first.id} Q0 stranger 1 9 x`,
      `${first.id} Q0 ${first.relevant[0]} 2 9 x`, // equal scores: "stranger" > "d…", so it comes first
      `${second.id} Q0 ${second.relevant[0]} 7 1 x`, // the rank written plays no part
      "nobody Q0 d1 1 1 x",
    ];
    fs.writeFileSync(file, `${lines.join("\n")}\n`);
    const said: string[] = [];
    const run = await importTrec(file, { ...options(), listener: { line: (text) => said.push(text) } });
    const mrr = run.queries().map(({ values }) => values["MRR@10"]);
    expect(mrr.slice(0, 3)).toEqual([0.5, 1, 0]);
    expect(mrr.slice(2).every((value) => value === 0)).toBe(true);
    expect(said).toContain(
      "queries: 10 queries are not ranked and count 0; 1 are not of the set and left out",
    );
    expect(run.manifest().counts["queries queries not ranked"]).toBe(10);
  });

  it("knows ids with blanks under the names they are exported by, and as they are", async () => {
    const spaced = tinyDataset();
    const folder = path.join(spaced.dir, "recall_validation_items_dataset");
    for (const file of [path.join(folder, "items.json"), path.join(spaced.dir, QUERIES)])
      fs.writeFileSync(file, fs.readFileSync(file, "utf8").replaceAll(/"d(\d+)"/g, '"d $1"'));
    const settings = { task_id: "spaced", run_id: "bm25", dataset_dir: spaced.dir };
    const file = path.join(spaced.root, "bm25.yaml");
    const lines = Object.entries({ ...settings, output_dir: `${spaced.root}/runs` });
    fs.writeFileSync(file, `system: bm25\n${lines.map(([key, value]) => `${key}: ${value}`).join("\n")}\n`);
    const run = await runSystem(bm25System, loadSystemConfig(bm25System, file));
    const [exported] = await exportTrec(run.dir, path.join(spaced.root, "trec"), { depth: 40 });
    const text = fs.readFileSync(exported!.run, "utf8");
    expect(text).toMatch(/ Q0 d%20\d+ 1 /);
    const own = run.queries().filter((result) => result.typo === 0);
    const back = await importTrec(exported!.run, { ...options(), datasetDir: spaced.dir });
    expect(back.queries().map(({ values }) => values["MRR@10"])).toEqual(
      own.map(({ values }) => values["MRR@10"]),
    );
    expect(back.queries()[0]!.top[0]![0]).toBe(own[0]!.top[0]![0]);
  });

  it("refuses a file of other queries", async () => {
    const file = path.join(tiny.root, "other.run");
    fs.writeFileSync(file, "nobody Q0 d1 1 1 x\n");
    await expect(importTrec(file, options())).rejects.toThrow(/must hold queries of .*, got nobody/);
  });
});
