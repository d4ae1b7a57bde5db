import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { compareTwoRuns } from "../../../lib/analysis/comparison.js";
import { intervalCurve } from "../../../lib/reporting/figures/interval-curve.js";
import { plainTable } from "../../../lib/reporting/table.js";
import { runExperiments } from "../../../lib/runs/run-experiment.js";
import { datasetResults } from "../../../lib/studies/thesis/experiment-view.js";
import { hybridRun } from "../../../lib/studies/thesis/hybrid-run.js";
import { bestRuns } from "../../../lib/studies/thesis/loss-view.js";
import { redundantView } from "../../../lib/studies/thesis/redundant-view.js";
import { ReportParts } from "../../../lib/studies/thesis/report-parts.js";
import { semanticMatches } from "../../../lib/studies/thesis/semantic-view.js";
import { thresholdView } from "../../../lib/studies/thesis/threshold-view.js";
import { timeTable } from "../../../lib/studies/thesis/time-table.js";
import { knownShares, tokenTable, typoTable, vocabularyOf } from "../../../lib/studies/thesis/token-view.js";
import { writeThesisReport } from "../../../lib/studies/thesis/write-report.js";
import type { Manifest, QueryResult, RunFolder } from "../../../lib/tracking/run-folder.js";
import { RunFolder as Folder } from "../../../lib/tracking/run-folder.js";
import { type TinyDataset, tinyDataset } from "../../support/tiny-dataset.js";

let tiny: TinyDataset;
let encoder: RunFolder;
let bm25: RunFolder;

beforeAll(async () => {
  tiny = tinyDataset();
  fs.cpSync(path.join(tiny.dir, "tokens"), path.join(tiny.dir, "token_dictionary"), { recursive: true });
  const lexical = path.join(tiny.root, "bm25.yaml");
  const settings = {
    dataset_dir: tiny.dir,
    output_dir: path.join(tiny.root, "runs"),
    task_id: "tiny",
    run_id: "bm25",
    recall_validation: { enabled: true, k: [10], query_typo_probabilities: [0, 0.5] },
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  fs.writeFileSync(lexical, ["system: bm25", ...lines, ""].join("\n"));
  const evaluation = { enabled: true, k: [10], query_typo_probabilities: [0, 0.5] };
  const dense = tiny.config({ run_id: "encoder", recall_validation: evaluation });
  [encoder, bm25] = (await runExperiments([dense, lexical])) as [RunFolder, RunFolder];
});

describe("hybridRun", () => {
  it("answers with both runs, asked what the encoder was asked, and is reused the next time", async () => {
    const hybrid = await hybridRun(bm25, encoder, "both", {});
    expect(hybrid.manifest()).toMatchObject({ kind: "fusion", system: "both", taskId: "tiny", seed: 3 });
    const asked = (run: RunFolder) => run.queries().map(({ set, typo, id }) => [set, typo, id]);
    expect(asked(hybrid)).toEqual(asked(encoder));
    const { endedAt } = hybrid.manifest();
    expect((await hybridRun(bm25, encoder, "both", {})).manifest().endedAt).toBe(endedAt);
  });
});

describe("redundantView", () => {
  it("asks every run with superfluous words; BM25 does not mind words it does not know", async () => {
    const before = fs.statSync(path.join(encoder.dir, "queries.jsonl.gz")).mtimeMs;
    const { results, answer } = await redundantView([encoder, bm25], "queries");
    expect(results.map((table) => table.rows.map((row) => row.system))).toEqual([
      ["as typed", "+ zzzzz", "+ zzzzz qqxx"],
      ["as typed", "+ zzzzz", "+ zzzzz qqxx"],
    ]);
    const mean = (run: RunFolder) => {
      const values = run
        .queries()
        .filter((r) => r.typo === 0)
        .map((r) => r.values["Recall@10"]!);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    expect(results[0]!.rows[0]!.cells[0]!.mean).toBeCloseTo(mean(encoder), 12);
    expect(results[1]!.rows[1]!.cells[0]!.comparison!.difference).toBe(0);
    expect(answer).toContain("BM25: a meaningless word changes Recall@10 by ±0.000");
    expect(fs.statSync(path.join(encoder.dir, "queries.jsonl.gz")).mtimeMs).toBe(before);
  });
});

describe("semanticMatches", () => {
  it("divides queries by words shared with a relevant name; examples share none with their first result", async () => {
    const comparison = await compareTwoRuns(encoder, bm25, { set: "queries" });
    const { answer, rankings } = await semanticMatches(comparison, encoder, { set: "queries", shown: 3 });
    // the colour of every tiny query stands in its document's name
    expect(answer).toBe("Every query shares a word with a relevant document's name, or none does.");
    expect(rankings).toEqual([]);
  });
});

describe("thresholdView", () => {
  it("picks on one half and reports on the other", () => {
    const { answer, table } = thresholdView(encoder, { set: "queries", typo: 0.5, wantedRight: 0.01 });
    expect(answer).toMatch(
      /^Threshold \d\.\d\d, picked for 1\.0 % right first results at typo probability 0\.5 on one half/,
    );
    expect(table.rows.map((row) => row.cells[0]!.text)).toEqual([
      "clean",
      "clean",
      "typo probability 0.5",
      "typo probability 0.5",
    ]);
    const never = thresholdView(encoder, { set: "queries", typo: 0.5, wantedRight: 1.01 });
    expect(never.answer).toBe("No threshold gives 101.0 % right first results at typo probability 0.5.");
  });
});

describe("the token tables", () => {
  it("show cleaned text, tokens, ids and what is hashed", () => {
    const { title, rows } = tokenTable("Red-SHOE zz", vocabularyOf(tiny.dir, 10));
    expect(title).toBe("“Red-SHOE zz” is read as “redshoe zz”");
    expect(rows.map((row) => row.cells[0]!.text)).toEqual(["words", "word pairs", "character trigrams"]);
    expect(rows[0]!.cells[1]!.text).toBe("redshoe · zz");
    expect(rows[0]!.cells[2]!.text).toMatch(/^\d+\* · \d+\*$/);
    expect(rows[0]!.cells[3]!.text).toBe("0 of 2");
    const known = tokenTable("red", vocabularyOf(tiny.dir, 10)).rows[0]!.cells;
    expect(known.slice(1).map((cell) => cell.text)).toEqual(["red", "1", "1 of 1"]);
  });
  it("show the thesis' three typos and how much stays known under them", () => {
    expect(typoTable("shower").rows.map((row) => row.cells[1]!.text)[1]).toBe("shoer");
    const { rows } = knownShares(bm25, "queries", vocabularyOf(tiny.dir, 10), [0, 0.75]);
    expect(rows[0]!.cells[1]!.text).toBe("100.0 %");
    expect(Number.parseFloat(rows[1]!.cells[1]!.text)).toBeLessThan(100);
  });
});

describe("bestRuns", () => {
  const run = (system: string, seed: number, recall: number): RunFolder => {
    const folder = new Folder(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-best-")));
    folder.writeManifest({ kind: "dense", system, seed } as Manifest);
    const result = {
      set: "s",
      typo: 0,
      id: "q",
      query: "q",
      relevant: [],
      top: [],
      values: { "Recall@10": recall },
    };
    folder.writeQueries([
      result as QueryResult,
      { ...result, typo: 0.5, values: { "Recall@10": 1 } } as QueryResult,
    ]);
    return folder;
  };
  it("takes the row that is best over its seeds, on clean queries of the first set", () => {
    const runs = [run("a", 1, 0.9), run("b", 1, 0.6), run("a", 2, 0.1), run("b", 2, 0.6)];
    const dataset = { name: "d", dir: "d", sets: ["s", "t"], overrides: [], obtain: null };
    const best = bestRuns({ dataset, runs, rows: ["a", "b"], baseline: "a" });
    expect([best.row, best.runs]).toEqual(["b", [runs[1], runs[3]]]);
  });
});

describe("timeTable", () => {
  it("adds the runs' times, and counts from the first start to the last end", () => {
    const run = (endedAt: string, seconds: number): RunFolder => {
      const folder = new Folder(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-time-")));
      folder.writeManifest({ endedAt } as Manifest);
      folder.appendTiming({ epoch: 0, name: "train", seconds: seconds - 1 });
      folder.appendTiming({ epoch: 0, name: "evaluate", seconds: 1 });
      return folder;
    };
    // two processes side by side: 0:00 to 0:40, 0:10 to 1:10
    const runs = [run("2026-01-01T00:00:40.000Z", 40), run("2026-01-01T00:01:10.000Z", 60)];
    const dataset = { name: "d", dir: "d", sets: [], overrides: [], obtain: null };
    const { rows } = timeTable([{ title: "margin", sweep: { dataset, runs } }]);
    expect(rows.map(({ cells }) => cells.map(({ text }) => text))).toEqual([
      ["margin", "d", "2", "1 min 40 s", "1 min 10 s"],
      ["all", "", "2", "1 min 40 s", "1 min 10 s"],
    ]);
  });
});

describe("writeThesisReport", () => {
  it("writes the page and every table in three formats", async () => {
    const parts = new ReportParts();
    parts.section("Against BM25", "Intro.", ["It wins.", "Twice."]);
    parts.table("Table A", plainTable(["x"], [["1"]]));
    const curve = intervalCurve([{ name: "a", points: [{ x: 1, mean: 1 }] }], { xTitle: "x", yTitle: "y" });
    parts.figure("Figure A", curve, "Curve");
    const [ours] = datasetResults([encoder, bm25], ["queries"], "tiny", null, undefined, [
      "Recall@10",
      "MRR@10",
    ]);
    parts.results("bm25 tiny", ours!.results);
    const report = parts.finish(["Against BM25"]);
    expect(report.page.answer).toEqual(["It wins."]);
    expect(report.page.sources).toEqual([
      { what: "tiny", run: `${path.join(tiny.root, "runs/tiny")}/* (2 runs)`, file: "queries.jsonl.gz" },
    ]);
    const folder = path.join(tiny.root, "thesis");
    const lines: string[] = [];
    await writeThesisReport(report, folder, { line: (text) => lines.push(text) });
    const tables = fs.readdirSync(path.join(folder, "tables")).sort();
    expect(tables).toEqual(
      ["bm25-tiny-all-measures", "table-a"].flatMap((name) => [`${name}.csv`, `${name}.md`, `${name}.tex`]),
    );
    expect(fs.readFileSync(path.join(folder, "index.html"), "utf8")).toMatch(
      /It wins\..*<a href="#(run-[0-9a-f]{12})">.*<tr id="\1">/s,
    );
    const drawn = fs.existsSync(path.join(folder, "figures/figure-a.png"));
    expect(drawn || lines.some((line) => line.startsWith("static images are skipped"))).toBe(true);
  });
});
