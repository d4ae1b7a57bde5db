import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { compareTwoRuns } from "../../lib/analysis/comparison.js";
import { queryRows } from "../../lib/analysis/query-rows.js";
import { runList } from "../../lib/analysis/run-list.js";
import { searchRankings } from "../../lib/analysis/search-rankings.js";
import { sliceMeans } from "../../lib/analysis/slice-means.js";
import { costTable } from "../../lib/analysis/tables/systems-table.js";
import { comparePage } from "../../lib/reporting/compare-page.js";
import { htmlPage } from "../../lib/reporting/html-page.js";
import { tableMarkdown } from "../../lib/reporting/table-markdown.js";
import { runExperiments } from "../../lib/runs/run-experiment.js";
import { openRun, type RunFolder } from "../../lib/tracking/run-folder.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
let encoder: RunFolder;
let bm25: RunFolder;
let files: [dense: string, lexical: string];

beforeAll(async () => {
  tiny = tinyDataset();
  fs.renameSync(path.join(tiny.dir, "tokens"), path.join(tiny.dir, "token_dictionary"));
  const text = {
    type: "dictionary",
    dictionary_path: "token_dictionary",
    word_unigrams_limit: 4,
    num_oov_tokens: 10,
  };
  const dense = tiny.config({ run_id: "encoder", text_vectorizer: text });
  const lexical = path.join(tiny.root, "bm25.yaml");
  const shared = {
    dataset_dir: tiny.dir,
    output_dir: path.join(tiny.root, "runs"),
    task_id: "tiny",
    run_id: "bm25",
  };
  const columns = { query_text: "query_search_phrase", document_text: "document_name" };
  const evaluation = { enabled: true, k: [1, 5, 60], query_typo_probabilities: [0, 0.5] };
  // YAML, with the key that tells the kinds apart on a line of its own
  const lines = Object.entries({ ...shared, ...columns, recall_validation: evaluation });
  fs.writeFileSync(
    lexical,
    `system: bm25\n${lines.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join("\n")}\n`,
  );
  files = [dense, lexical];
  [encoder, bm25] = (await runExperiments(files)) as [RunFolder, RunFolder];
});

describe("compareTwoRuns", () => {
  it("lines two runs up, slices their queries and ranks the most changed", async () => {
    const comparison = await compareTwoRuns(encoder, bm25, { measure: "Recall@5", typo: 0.5, shown: 2 });
    expect(comparison.queries).toHaveLength(12);
    const recall = (run: RunFolder) =>
      run
        .queries()
        .filter((r) => r.typo === 0.5)
        .map((r) => r.values["Recall@5"]);
    expect(comparison.queries.map((q) => q.a)).toEqual(recall(encoder));
    expect(comparison.queries.map((q) => q.b)).toEqual(recall(bm25));
    const clean = new Map(
      encoder
        .queries()
        .filter((r) => r.typo === 0)
        .map((r) => [r.id, r.query]),
    );
    for (const { id, query, slices } of comparison.queries) {
      expect(slices["typos"]).toBe(clean.get(id) === query ? "spelled right" : "misspelled");
      expect(slices["query length"]).toBe("2 words");
      expect(slices["relevant documents"]).toBe("1 document");
      if (clean.get(id) === query) expect(slices["dictionary"]).toBe("all words known");
    }
    expect(comparison.won.length).toBeLessThanOrEqual(2);
    for (const { lists } of comparison.won) expect(lists.map((list) => list.system)).toHaveLength(2);
    expect(htmlPage(comparePage(comparison))).toContain("misspelled");
  });

  it("tells two runs of one system apart by seed, else by folder, in rankings too", async () => {
    const twin = path.join(tiny.root, "runs/tiny/twin");
    fs.cpSync(bm25.dir, twin, { recursive: true });
    const other = openRun(twin);
    const manifest = other.manifest();
    other.writeManifest({ ...manifest, runId: "twin" });
    other.writeQueries(
      other.queries().map((result) => ({ ...result, values: { ...result.values, "Recall@5": 0.5 } })),
    );
    const comparison = await compareTwoRuns(bm25, other, { measure: "Recall@5" });
    expect([comparison.a, comparison.b]).toEqual(["BM25 (bm25)", "BM25 (twin)"]);
    const lists = [...comparison.won, ...comparison.lost][0]!.lists.map((list) => list.system);
    expect(lists).toEqual([comparison.a, comparison.b]);
    const named = async (changes: object) => {
      other.writeManifest({ ...manifest, runId: "twin", ...changes });
      const { a, b } = await compareTwoRuns(bm25, openRun(twin), { measure: "Recall@5" });
      return [a, b];
    };
    expect(await named({ seed: 7 })).toEqual(["BM25, seed 0", "BM25, seed 7"]);
    expect(await named({ taskId: "other" })).toEqual(["BM25 (tiny/bm25)", "BM25 (other/twin)"]);
  });

  it("refuses one run twice", async () => {
    await expect(compareTwoRuns(bm25, bm25)).rejects.toThrow("compare: the runs must differ, got");
  });
});

describe("views for notebooks", () => {
  it("search with several runs side by side", async () => {
    const [ranking] = await searchRankings([bm25, encoder], ["red shoe"], 3);
    expect(ranking!.lists.map((list) => list.documents.length)).toEqual([3, 3]);
    expect(ranking!.lists[0]!.documents[0]!.name).toBe("red shoe");
  });

  it("give queries as rows with all measures", () => {
    const rows = queryRows(bm25, { set: "queries" });
    expect(rows).toHaveLength(12);
    expect(Object.keys(rows[0]!)).toEqual([
      "phrase",
      "slice",
      "relevant",
      "first",
      "Recall@1",
      "MRR@1",
      "Recall@5",
      "MRR@5",
      "Recall@60",
      "MRR@60",
    ]);
  });

  it("say when a set has no slices", () => {
    expect(() => sliceMeans([bm25], { set: "queries", measure: "Recall@5" })).toThrow(
      'queries of set "queries" must carry a slice, got none',
    );
  });

  it("take a finished BM25 run as it is", async () => {
    const before = fs.statSync(path.join(bm25.dir, "manifest.json")).mtimeMs;
    await runExperiments([path.join(tiny.root, "bm25.yaml")]);
    expect(fs.statSync(path.join(bm25.dir, "manifest.json")).mtimeMs).toBe(before);
  });
});

describe("a fusion", () => {
  it("names configuration files, answers again, and is not run twice", async () => {
    const file = path.join(tiny.root, "fusion.yaml");
    const lines = [
      `system: fusion\ntask_id: tiny\nrun_id: both\noutput_dir: ${tiny.root}/runs\nruns: ${JSON.stringify(files)}`,
      "kind: reciprocal-rank\nrecall_validation: {k: [1, 5, 60], query_typo_probabilities: [0]}\n",
    ];
    fs.writeFileSync(file, lines.join("\n"));
    const [fused] = await runExperiments([file]);
    const [ranking] = await searchRankings([fused!], ["red shoe"], 3);
    expect(ranking!.lists[0]!.documents[0]!.name).toBe("red shoe");
    const before = fs.statSync(path.join(fused!.dir, "manifest.json")).mtimeMs;
    await runExperiments([file]);
    expect(fs.statSync(path.join(fused!.dir, "manifest.json")).mtimeMs).toBe(before);
  });

  it("is compared with a run at the typo probabilities that both have", async () => {
    const fused = openRun(path.join(tiny.root, "runs/tiny/both"));
    const { results } = await compareTwoRuns(bm25, fused, { measure: "Recall@5" });
    expect(results.metrics.some((metric) => metric.includes("typos"))).toBe(false);
  });
});

describe("runList and its tables", () => {
  it("take the runs that are there and show the others with what they lack", async () => {
    const told: string[] = [];
    const { runs, missing } = await runList(
      [
        { dir: encoder.dir },
        { config: files[1] },
        { name: "tuned", dir: path.join(tiny.root, "nowhere") },
        { name: "pretrained", config: files[0], needs: [tiny.dir, path.join(tiny.root, "weights")] },
      ],
      { listener: { line: (line) => told.push(line) } },
    );
    expect(runs.map(({ dir }) => dir)).toEqual([encoder.dir, bm25.dir]);
    expect(missing.map(({ name, missing: lacks }) => [name, path.relative(tiny.root, lacks)])).toEqual([
      ["tuned", path.join("nowhere", "queries.jsonl.gz")],
      ["pretrained", "weights"],
    ]);
    expect(told.filter((line) => line.includes("left out, needs"))).toHaveLength(2);
    const baseline = bm25.manifest().system;
    const options = { set: runs[0]!.queries()[0]!.set, measures: ["Recall@5"], baseline };
    const text = tableMarkdown(costTable(runs, options, missing));
    expect(text).toMatch(/pretrained \|.*not run: needs .*weights/);
    expect(text.match(/not run/g)).toHaveLength(2);
    expect(text).toContain(encoder.manifest().system);
  });
});
