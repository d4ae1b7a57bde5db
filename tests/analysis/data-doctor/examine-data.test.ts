import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { doctorPage } from "../../../lib/analysis/data-doctor/doctor-page.js";
import { examineData } from "../../../lib/analysis/data-doctor/examine-data.js";
import type { DataFinding } from "../../../lib/analysis/data-doctor/finding.js";
import { mendable, mendDataset } from "../../../lib/analysis/data-doctor/mend-dataset.js";
import { csvLine } from "../../../lib/datasets/csv.js";
import { writeJsonLines } from "../../../lib/datasets/json-lines.js";
import { writeParquet } from "../../../lib/datasets/parquet.js";

let dir: string;
beforeAll(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-doctor-"));
});
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

const colours = ["red", "blue", "green", "black", "white", "pink", "brown", "grey", "violet", "golden"];
const things = ["shoe", "shirt", "lamp", "chair", "phone", "bottle", "scarf", "clock", "table", "mirror"];

/** query, id, title, grade, part */
type Row = [string, string, string, string, string];

/** 100 clean pairs, every tenth held out, and the faults that tests put behind them. */
function rows(faults: readonly Row[] = []): Row[] {
  const clean = colours.flatMap((colour, c) =>
    things.map((thing, t): Row => {
      const number = c * 10 + t;
      const id = `d${number}`;
      return [
        `buy ${colour} ${thing}`,
        id,
        `${colour} ${thing} of house ${number}`,
        "1",
        number % 10 === 3 ? "test" : "train",
      ];
    }),
  );
  return [...clean, ...faults];
}

function csv(name: string, list: readonly Row[]): string {
  const file = path.join(dir, name);
  const lines = [["query", "product_id", "title", "grade", "split"], ...list].map((cells) => csvLine(cells));
  fs.writeFileSync(file, lines.join(""));
  return file;
}

const quiet = { listener: {} };
async function findings(file: string, options = {}): Promise<Map<string, DataFinding>> {
  const { report } = await examineData(file, { ...quiet, ...options });
  const byName = new Map<string, DataFinding>();
  for (const finding of report.findings)
    byName.set(`${finding.name ?? finding.check}|${finding.what}`, finding);
  return byName;
}
const found = (all: Map<string, DataFinding>, start: string, words = "") =>
  [...all].filter(([key]) => key.startsWith(start) && key.includes(words)).map(([, finding]) => finding)[0]!;

describe("examineData", () => {
  it("finds nothing plainly wrong in clean pairs", async () => {
    const all = await findings(csv("clean.csv", rows()));
    const wrong = [...all.values()].filter(({ outcome }) => outcome === "wrong").map(({ what }) => what);
    expect(wrong).toEqual([]);
  });

  it("counts every planted fault", async () => {
    const file = csv(
      "faults.csv",
      rows([
        ["buy red chair", "d90", "golden shoe of house 90", "1", "train"], // asked in test too (d3), letter for letter
        ["Buy blue chair!", "d91", "golden shirt of house 91", "1", "train"],
        ["green chair buys", "d92", "golden lamp of house 92", "1", "train"],
        ["buy pink chair", "d53", "pink chair of house 53", "1", "train"], // the pair is a test pair
        ["buy red shoe", "d0", "red shoe of house 0", "1", "train"], // again
        ["buy red shoe", "d0", "red shoe of house 0", "0", "train"], // and irrelevant
        ["a query", "x1", "Red shirt of house 1", "1", "train"], // a copy of d1
        ["!!", "d94", "golden phone of house 94", "1", "train"],
        ["another one", "x2", "", "1", "train"],
        ["for gold", "x3", "N/A", "1", "train"],
        ["cafÃ© cup", "d95", "golden bottle of house 95", "1", "train"],
        ["tea\u0007pot", "d96", "golden scarf of house 96", "1", "train"],
        ["nai\u0308ve mirror", "d99", "golden mirror of house 99", "1", "train"],
        ["красная обувь", "d0", "red shoe of house 0", "1", "train"],
        ["qqqq zzzz", "d5", "red bottle of house 5", "1", "test"],
      ]),
    );
    const all = await findings(file);
    const count = (start: string, words = "") => found(all, start, words).count;
    expect(count("query-leakage:exact")).toBe(2); // with the pair's query
    expect(count("query-leakage:normalised")).toBe(1);
    expect(count("query-leakage:near")).toBe(1);
    expect(count("document-leakage:pairs")).toBe(1);
    expect(count("duplicates:rows")).toBe(2);
    expect(count("duplicates:documents", "another id")).toBe(1);
    expect(count("conflicting-labels")).toBe(1);
    expect(count("empty-texts:queries")).toBe(1);
    expect(count("empty-texts:documents")).toBe(1);
    expect(count("empty-texts:placeholder-documents")).toBe(1);
    expect(count("encoding", "mojibake")).toBe(1);
    expect(count("encoding", "control")).toBe(1);
    expect(count("encoding", "normal form")).toBe(1);
    expect(count("languages", "script")).toBe(1);
    expect(count("unanswerable", "four letters")).toBe(1);
    expect(found(all, "encoding", "mojibake").examples).toEqual(["“cafÃ© cup” → “café cup”"]);
    for (const { outcome, mend, cost } of all.values())
      if (outcome === "wrong") expect([mend, cost]).not.toContain(null);
  });

  it("says the same of CSV, JSON lines and Parquet", async () => {
    const list = rows([["buy red chair", "d90", "golden shoe of house 90", "1", "train"]]);
    const names = ["query", "product_id", "title", "grade", "split"];
    const records = list.map((cells) => Object.fromEntries(names.map((name, i) => [name, cells[i]!])));
    writeJsonLines(path.join(dir, "same.jsonl"), records);
    writeParquet(
      path.join(dir, "same.parquet"),
      Object.fromEntries(names.map((name, i) => [name, list.map((cells) => cells[i]!)])),
    );
    const said = async (file: string) =>
      [...(await findings(file)).values()].map(({ what, count, of, examples }) => ({
        what,
        count,
        of,
        examples,
      }));
    const expected = await said(csv("same.csv", list));
    expect(await said(path.join(dir, "same.jsonl"))).toEqual(expected);
    expect(await said(path.join(dir, "same.parquet"))).toEqual(expected);
  });

  it("reads BEIR's layout as it stands, leaks included", async () => {
    const beir = path.join(dir, "beir");
    fs.mkdirSync(path.join(beir, "qrels"), { recursive: true });
    writeJsonLines(
      path.join(beir, "corpus.jsonl"),
      things.map((thing, i) => ({ _id: `d${i}`, title: thing, text: `a ${thing} for the house` })),
    );
    writeJsonLines(path.join(beir, "queries.jsonl"), [
      { _id: "q1", text: "a lamp" },
      { _id: "q2", text: "a lamp" },
      { _id: "q3", text: "a chair" },
    ]);
    const qrels = (lines: readonly string[]) => ["query-id\tcorpus-id\tscore", ...lines, ""].join("\n");
    fs.writeFileSync(path.join(beir, "qrels/train.tsv"), qrels(["q1\td2\t1"]));
    fs.writeFileSync(path.join(beir, "qrels/test.tsv"), qrels(["q2\td2\t1", "q3\tgone\t1"]));
    const all = await findings(beir);
    expect(found(all, "query-leakage:exact").count).toBe(1);
    expect(found(all, "document-leakage:pairs").count).toBe(1);
    expect(found(all, "unanswerable", "all missing").count).toBe(1);
  });

  it("reads pairs without a header and fit's chunks", async () => {
    const plain = path.join(dir, "plain.csv");
    fs.writeFileSync(plain, "red shoes,a red shoe\nblue hat,a blue hat\nred shoes,a red shoe\n");
    expect(found(await findings(plain), "duplicates:rows")).toMatchObject({ count: 1, of: 3 });
    const chunks = path.join(dir, "chunks.jsonl");
    writeJsonLines(chunks, [
      { chunks: [{ text: "red shoes" }, { text: "a red shoe" }] },
      { chunks: [{ text: "hat" }, { text: "a hat" }] },
    ]);
    expect(found(await findings(chunks), "duplicates:rows")).toMatchObject({ count: 0, of: 2 });
  });

  it("names overlap with a public test set by content", async () => {
    const own = csv("own.csv", rows());
    const theirs = path.join(dir, "theirs.csv");
    fs.writeFileSync(
      theirs,
      csvLine(["query", "title"]) +
        csvLine(["red shoe buy", "something else entirely"]) +
        csvLine(["garden hose", "hose"]),
    );
    const all = await findings(own, { against: [theirs] });
    expect(found(all, "public-overlap:queries")).toMatchObject({ count: 1, of: 2, outcome: "wrong" });
    expect(found(all, "public-overlap:documents")).toMatchObject({ count: 0 });
  });

  it("ranks swapped labels and missing ones first", async () => {
    const list: Row[] = [];
    for (const [c, colour] of colours.entries())
      for (const [t, thing] of things.entries())
        for (const words of ["buy", "cheap", "new"])
          list.push([`${words} ${colour} ${thing}`, `d${c * 10 + t}`, `${colour} ${thing}`, "1", "train"]);
    list[31] = [list[31]![0], "d77", "grey clock", "1", "train"]; // swapped: "cheap red … " has another film's label
    const { report } = await examineData(csv("swapped.csv", list), { ...quiet, only: ["suspects"] });
    const first = (reason: string) => report.queue.filter((pair) => pair.reason === reason)[0]!;
    expect(first("suspected wrong positive")).toMatchObject({ query: list[31]![0], document: "d77" });
    expect(first("suspected false negative")).toMatchObject({ query: list[31]![0], document: "d10" });
  });

  it("mends: a copy has no finding any more that was left out", async () => {
    const file = csv(
      "mend.csv",
      rows([
        ["buy red chair", "d90", "golden shoe of house 90", "1", "train"],
        ["cafÃ© cup", "d95", "golden bottle of house 95", "1", "train"],
      ]),
    );
    const { report, source } = await examineData(file, { ...quiet, only: ["query-leakage", "encoding"] });
    const copy = path.join(dir, "mended.csv");
    expect(await mendDataset(source, mendable(report.findings), copy)).toBe(`${copy}: 101 of 102 rows`);
    const all = await findings(copy, { only: ["query-leakage", "encoding"] });
    expect([...all.values()].map(({ count }) => count)).toEqual([0, 0, 0, 0]);
    expect(fs.readFileSync(copy, "utf8")).toContain("café cup");
  });

  it("is written as a page with every finding", async () => {
    const { report } = await examineData(
      csv("page.csv", rows([["<b>&amp;", "d1", "red shirt of house 1", "1", "train"]])),
      quiet,
    );
    const html = doctorPage(report);
    for (const { what } of report.findings)
      expect(html).toContain(what.replaceAll("&", "&amp;").replaceAll("'", "&#39;").replaceAll("<", "&lt;"));
    expect(html).not.toContain("<b>&");
  });

  it("refuses in one line what it cannot examine", async () => {
    const refused = (what: string, options = {}) =>
      examineData(what, { ...quiet, ...options }).then(
        () => "",
        (error: Error) => error.message,
      );
    expect(await refused(path.join(dir, "none.csv"))).toMatch(
      /none\.csv: must be a data set of data\/, a folder or a table, found nothing there/,
    );
    const file = csv("ok.csv", rows());
    expect(await refused(file, { only: ["leaks"] })).toMatch(
      /^unknown examination "leaks"; known: batch-false-negatives, /,
    );
    expect(await refused(file, { only: ["public-overlap"] })).toMatch(/must be given with --against/);
    expect(await refused(file, { near: 0 })).toMatch(/^--near: must be above 0/);
    expect(await refused(file, { columns: { query: "nope" } })).toMatch(/nope/);
    const misspelt = csv("part.csv", rows([["hat", "d1", "red shirt of house 1", "1", "tset"]]));
    expect(await refused(misspelt, { columns: { part: "split" } })).toMatch(
      /part\.csv: column "split": part must be one of train, val, test, got "tset"$/,
    );
    fs.writeFileSync(path.join(dir, "one.csv"), "words\nhello there\n");
    expect(await refused(path.join(dir, "one.csv"))).not.toBe("");
    fs.writeFileSync(path.join(dir, "x.pdf"), "");
    expect(await refused(path.join(dir, "x.pdf"))).toMatch(/must be one of \.csv/);
  });
});
