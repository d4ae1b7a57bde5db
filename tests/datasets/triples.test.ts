import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { importTriples } from "../../lib/datasets/importers/import-triples.js";
import { lengthStatistics } from "../../lib/datasets/length-statistics.js";
import { openDataset } from "../../lib/datasets/open-dataset.js";
import { repairText } from "../../lib/datasets/text-repair.js";
import { readTrainingRows } from "../../lib/datasets/training-rows.js";
import { trecRunLine } from "../../lib/datasets/trec.js";
import { readTriples } from "../../lib/datasets/triples.js";
import { vector } from "../support/vectors.js";

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-triples-"));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const write = (text: string): string => {
  const file = path.join(dir, "triples.tsv");
  fs.writeFileSync(file, text);
  return file;
};

/** UTF-8 bytes read as windows-1252, by the platform's own decoder. */
const damage = (text: string): string =>
  new TextDecoder("windows-1252").decode(new TextEncoder().encode(text));

describe("repairText", () => {
  it("undoes what reading UTF-8 as windows-1252 does, once or twice over", () => {
    for (const text of [
      "don’t “quote” — dash…",
      "café naïve Zürich",
      "Ωμέγα αβγ",
      "Привет",
      "日本語 한국어",
      "👍🏽 😀",
      "€ 20 °C ½",
      "Łódź ę",
    ]) {
      expect(repairText(damage(text)).text).toBe(text);
      expect(repairText(damage(damage(text))).text).toBe(text);
      expect(repairText(`${damage(text)} beside ${text}`).text).toBe(`${text} beside ${text}`);
    }
  });

  it("leaves sound text alone", () => {
    for (const text of [
      "",
      "plain",
      "café À la carte",
      "«CAFÉ» “CAFÉ”",
      "Ä Ö Ü ß",
      "São Paulo",
      "don’t",
      "日本",
      "Â and Ã alone",
    ])
      expect(repairText(text), text).toEqual({ text, repaired: 0 });
  });

  it("takes an honest Å before a closing quotation mark for a damaged œ (known, rare)", () => {
    expect(repairText("Å“").text).toBe("œ");
  });

  it("counts the sequences it replaced", () => {
    expect(repairText("Ã©tÃ©, itâ€™s")).toEqual({ text: "été, it’s", repaired: 3 });
  });
});

describe("readTriples", () => {
  it("reads rows, repairs cells and counts what it leaves out", () => {
    const file = write(
      "robins?\tA robin lays.\tRobins are found.\ntwo\tcells\ncafÃ©\tgood\tbad\r\n\nempty\t\tx\n",
    );
    const { triples, report, repairedCells } = readTriples(file);
    expect(triples).toEqual([
      { query: "robins?", positive: "A robin lays.", negative: "Robins are found." },
      { query: "café", positive: "good", negative: "bad" },
    ]);
    expect(repairedCells).toBe(1);
    expect(report).toMatchObject({ rows: 2, malformed: 2 });
    expect(report.malformedExamples.map(({ line }) => line)).toEqual([2, 5]);
    expect(readTriples(file, { repair: false }).triples[1]!.query).toBe("cafÃ©");
    expect(readTriples(file, { maxRows: 1 }).triples).toHaveLength(1);
  });

  it("names file and line when too much is malformed, and files without a triple", () => {
    expect(() => readTriples(write("a\tb\n"), { maxMalformed: 0 })).toThrow(
      /triples.tsv:1: row must have.*got 2 cells/,
    );
    expect(() => readTriples(write(""))).toThrow(/at least one triple, got 0/);
    expect(() => readTriples(path.join(dir, "none"))).toThrow(/none/);
  });
});

describe("importTriples", () => {
  it("makes a data set whose evaluation queries are not trained, with the irrelevant passages among its documents", async () => {
    const rows = Array.from(
      { length: 44 },
      (_, i) => `question number${i} word${i}\tanswer ${i}\twrong ${i % 7}`,
    );
    const outDir = path.join(dir, "data");
    const { manifest } = await importTriples({ from: write(`${rows.join("\n")}\n`), outDir, heldOut: 0.5 });
    expect(manifest.counts).toMatchObject({ triples: 44, documents: 51, repairedCells: 0 });
    expect(
      manifest.counts["trainingRows"]! + manifest.counts["validationRows"]! + manifest.counts["testQueries"]!,
    ).toBe(44);
    const trained = new Set(
      (await readTrainingRows(outDir, "training", ["query_search_phrase"])).columns["query_search_phrase"],
    );
    const { queriesPath } = openDataset(outDir).evaluationSets[0]!;
    const tested = fs
      .readFileSync(path.isAbsolute(queriesPath) ? queriesPath : path.join(outDir, queriesPath), "utf8")
      .trim()
      .split("\n");
    expect(tested.length).toBeGreaterThan(0);
    for (const line of tested) expect(trained.has(JSON.parse(line).query_search_phrase)).toBe(false);
    expect(manifest.notes[0]).toMatch(/^query: \d+–\d+ characters, mean/);
  });
});

describe("lengthStatistics", () => {
  it("is scipy.stats.describe's worked example of the first ten integers", () => {
    // scipy 1.14: variance 9.16666667, skewness 0, kurtosis -1.2242424242424244
    const s = lengthStatistics([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(s).toMatchObject({ count: 10, min: 0, max: 9, mean: 4.5 });
    expect(s.variance).toBeCloseTo(9.166666666666666, 12);
    expect(s.skewness).toBeCloseTo(0, 12);
    expect(s.kurtosis).toBeCloseTo(-1.2242424242424244, 12);
    expect(lengthStatistics([1, 1, 4]).skewness).toBeCloseTo(Math.SQRT1_2, 12);
    expect(Number.isNaN(lengthStatistics([5, 5]).kurtosis)).toBe(true);
    expect(() => lengthStatistics([])).toThrow(RangeError);
  });
});

describe("trecRunLine", () => {
  it("is the worked example (vector run_file_line)", () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/run_file_line");
    const { query_id, doc_id, rank, score, tag } = inputs;
    expect(trecRunLine(`${query_id}`, doc_id, rank, score, tag)).toBe(expected);
  });
});
