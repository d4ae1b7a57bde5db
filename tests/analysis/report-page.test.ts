import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { composeReport } from "../../lib/analysis/report-page.js";
import { type Manifest, RunFolder } from "../../lib/tracking/run-folder.js";

interface FakeRun {
  system: string;
  dataset?: string;
  set?: string;
  measures?: string[];
}

function run({ system, dataset = "films", set = "test", measures = ["Recall@10"] }: FakeRun): RunFolder {
  const folder = new RunFolder(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-run-")));
  folder.writeManifest({
    kind: "bm25",
    system,
    seed: 1,
    taskId: "t",
    runId: system,
    dataset: { name: dataset, dir: `data/${dataset}`, fingerprint: `${dataset}0123456789` },
    counts: {},
    host: { cpu: "c", cores: 2, memoryGb: 1, node: "20", platform: "linux" },
    packages: {},
    backend: "none",
    endedAt: "2026-11-29",
  } as unknown as Manifest);
  fs.writeFileSync(folder.configFile, `name: ${system}\n`);
  folder.writeQueries(
    [0.5, 1, 0].map((value, i) => ({
      set,
      typo: 0,
      id: `q${i}`,
      query: `query ${i}`,
      relevant: ["d"],
      top: [],
      values: Object.fromEntries(measures.map((measure) => [measure, value])),
    })),
  );
  return folder;
}

const report = (...runs: FakeRun[]) => composeReport(runs.map(run), { baseline: "BM25", listener: {} });

describe("the report", () => {
  it("compares runs of two data sets apart, each with a baseline of its own", async () => {
    const { html, results } = await report(
      { system: "BM25" },
      { system: "words" },
      { system: "shop BM25", dataset: "shop" },
    );
    expect(results.map(({ title, rows }) => [title, rows.map(({ system }) => system)])).toEqual([
      ["films. Queries: test", ["BM25", "words"]],
      ["shop. Queries: test", ["shop BM25"]],
    ]);
    expect(results[1]!.rows[0]!.isBaseline).toBe(true);
    expect(html).toContain("films; shop");
  });

  it("compares runs evaluated with different k by the measures that all of them have", async () => {
    const { results } = await report(
      { system: "BM25", measures: ["Recall@10", "Recall@50"] },
      { system: "words", measures: ["Recall@10", "MRR@10"] },
    );
    expect(results[0]!.metrics).toEqual(["Recall@10"]);
  });

  it.each<[string, FakeRun[], RegExp]>([
    [
      "no measure",
      [{ system: "BM25", measures: ["Recall@5"] }, { system: "words" }],
      /^report: runs must share a measure on set "test", got .*Recall@5; .*Recall@10; run qdrl evaluate with one --k$/,
    ],
    [
      "no evaluation set",
      [
        { system: "BM25", set: "a" },
        { system: "words", set: "b" },
      ],
      /^report: runs of one data set must share an evaluation set and a typo probability, got none in common of /,
    ],
  ])("says in one line that runs share %s", async (_, runs, message) => {
    await expect(report(...runs)).rejects.toThrow(message);
  });

  it("links every run to its line among the page's own sources, not to a folder", async () => {
    const { html } = await report({ system: "BM25" }, { system: "words" });
    const links = [...html.matchAll(/<a href="([^"]*)">run 1<\/a>/g)].map((match) => match[1]!);
    expect(links).toHaveLength(2);
    for (const link of links) {
      expect(link).toMatch(/^#run-[0-9a-f]{12}$/);
      expect(html).toContain(`<tr id="${link.slice(1)}">`);
    }
  });
});
