import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { composeReport } from "../../../lib/analysis/report-page.js";
import { writeTables } from "../../../lib/analysis/tables/write-table.js";
import { verifyFile } from "../../../lib/analysis/verify/verify-file.js";
import { verifyRun } from "../../../lib/analysis/verify/verify-run.js";
import { resultsHtml } from "../../../lib/reporting/results-table-view.js";
import { type Manifest, RunFolder } from "../../../lib/tracking/run-folder.js";

/** Twenty queries, of which the system finds the one relevant document at a rank of its own. */
function run(system: string, rankOf: (query: number) => number): RunFolder {
  const folder = new RunFolder(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-run-")));
  folder.writeManifest({
    runFormat: 2,
    ...{ kind: "bm25", system, seed: 1, taskId: "t", runId: system, counts: { "test queries": 20 } },
    dataset: { name: "films", dir: "data/no-such-films", fingerprint: "films0123456789" },
    host: { cpu: "c", cores: 2, memoryGb: 1, node: "20", platform: "linux" },
    ...{ packages: {}, backend: "none", endedAt: "2026-11-29", status: "finished" },
  } as unknown as Manifest);
  fs.writeFileSync(folder.configFile, `name: ${system}\n`);
  folder.writeQueries(
    Array.from({ length: 20 }, (_, i) => {
      const rank = rankOf(i);
      const top = Array.from({ length: 10 }, (_, at): [string, number] => [
        at + 1 === rank ? `d${i}` : `x${at}`,
        10 - at,
      ]);
      const values = { "Recall@10": rank <= 10 ? 1 : 0, "MRR@10": rank <= 10 ? 1 / rank : 0 };
      return { set: "test", typo: 0, id: `q${i}`, query: `query ${i}`, relevant: [`d${i}`], top, values };
    }),
  );
  return folder;
}

const systems = () => [run("BM25", (i) => (i % 3 === 0 ? 12 : 2)), run("words", (i) => 1 + (i % 4))];
const scratch = (name: string) => path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-verify-")), name);

async function writtenReport(): Promise<{ file: string; html: string; runs: RunFolder[] }> {
  const runs = systems();
  const { html } = await composeReport(runs, { listener: {}, title: "Films, asked for" });
  const file = scratch("report.html");
  fs.writeFileSync(file, html);
  return { file, html, runs };
}

const check = (file: string) => verifyFile(file, { listener: {} });

describe("a report's numbers", () => {
  it("are all confirmed from the files that it names", async () => {
    const { file } = await writtenReport();
    const { confirmed, findings, files } = await check(file);
    expect(findings).toEqual([]);
    expect(confirmed.text).toBeGreaterThan(30);
    expect(files.map((source) => source.file)).toContain("queries.jsonl.gz");
  });

  it("are found when changed by hand, with their place", async () => {
    const { file, html } = await writtenReport();
    // 13 of 20 found at rank 2: (13 × 1/2) / 20
    expect(html).toContain(">0.325<");
    fs.writeFileSync(file, html.replace(">0.325<", ">0.925<"));
    const { findings } = await check(file);
    expect(findings).toEqual([
      { where: expect.stringMatching(/Results.*BM25.*MRR@10/), shown: "0.925", made: "0.325" },
    ]);
  });

  it("are found when they have no source", async () => {
    const { file, html } = await writtenReport();
    fs.writeFileSync(file, html.replace("</h1>", "</h1><p>It earned 12,000 more.</p>"));
    const { findings } = await check(file);
    expect(findings).toEqual([{ where: expect.any(String), shown: "It earned 12,000 more.", made: null }]);
  });

  it("are refused when a file is no longer what it was", async () => {
    const { file, runs } = await writtenReport();
    runs[0]!.writeQueries(runs[0]!.queries().slice(1));
    await expect(check(file)).rejects.toThrow(/queries\.jsonl\.gz: must have SHA-256 .*…, got/);
  });

  it("are shown with run, file, hash, measure and rule", async () => {
    const { html, runs } = await writtenReport();
    const cell = /data-source="([^"]*)"/.exec(html)![1]!.replaceAll("&quot;", '"');
    const dir = runs[0]!.dir;
    expect(JSON.parse(cell)).toEqual({
      files: [{ run: dir, file: "queries.jsonl.gz", sha256: runs[0]!.hashOf("queries.jsonl.gz") }],
      measure: "Recall@10 on test",
      rule: "mean over queries with its 95 % interval",
    });
    expect(html).toContain(`title="20 queries · 1 seed\nRecall@10 on test\nmean over queries`);
  });
});

describe("a table's numbers", () => {
  it.each([
    ["table.tex", "0.325", "0.425"],
    ["table.md", "0.325", "0.425"],
    ["table.html", "0.325", "0.425"],
  ])("in %s are confirmed, and found when changed", async (name, before, after) => {
    const { results } = await composeReport(systems(), { listener: {} });
    const file = scratch(name);
    writeTables(file, results);
    const { findings, confirmed } = await check(file);
    expect(findings).toEqual([]);
    expect(confirmed.text).toBeGreaterThan(8);
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(before, after));
    const changed = await check(file);
    expect(changed.findings).toHaveLength(1);
    expect(changed.findings[0]!.shown).toContain(after);
  });

  it("in a notebook's outputs are confirmed, and a number beside them has no source", async () => {
    const { results } = await composeReport(systems(), { listener: {} });
    const file = scratch("book.ipynb");
    const write = (html: string) =>
      fs.writeFileSync(file, JSON.stringify({ cells: [{ outputs: [{ data: { "text/html": [html] } }] }] }));
    write(`<div>${resultsHtml(results[0]!)}</div>`);
    expect((await check(file)).findings).toEqual([]);
    write(`<div>${resultsHtml(results[0]!)}<p>0.99 in all</p></div>`);
    expect((await check(file)).findings).toEqual([{ where: "", shown: "0.99 in all", made: null }]);
  });

  it.each([
    ["page.html", "<p>0.5</p>", /must carry what its numbers come from, got 1 numbers without a source/],
    ["table.csv", "0.5", /must be a run folder or a file that ends with \.html, \.ipynb, \.md, \.tex/],
    ["table.md", "<!-- qdrl made from {-->", /made from is damaged/],
  ])("in %s without a source are refused", async (name, text, message) => {
    const file = scratch(name);
    fs.writeFileSync(file, text);
    await expect(check(file)).rejects.toThrow(message);
  });
});

describe("a run's values", () => {
  it("follow from its rankings, and one that does not is found", () => {
    const whole = run("words", (i) => 1 + (i % 4));
    expect(verifyRun(whole)).toMatchObject({ values: 40, unverifiable: 0, findings: [] });
    const results = whole.queries();
    whole.writeQueries([{ ...results[0]!, values: { "Recall@10": 1, "MRR@10": 0.9 } }, ...results.slice(1)]);
    expect(verifyRun(whole).findings).toEqual([
      { where: "queries.jsonl.gz, test, typos 0, query q0, MRR@10", shown: "0.9", made: "1" },
    ]);
  });
});
