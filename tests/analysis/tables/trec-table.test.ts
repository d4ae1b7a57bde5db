import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { trecTable } from "../../../lib/analysis/tables/trec-table.js";
import { writeTables } from "../../../lib/analysis/tables/write-table.js";
import { writeJudgements } from "../../../lib/datasets/judgements.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-trec-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
const write = (name: string, lines: string[]): string => {
  const file = path.join(folder, name);
  fs.writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
};
const qrels = write("judged.qrels", ["q1 0 a 1", "q1 0 b 0", "q2 0 b 1", "q3 0 c 0"]);
const good = write("good.run", ["q1 Q0 a 1 2 t", "q1 Q0 b 2 1 t", "q2 Q0 b 1 1 t", "q9 Q0 a 1 1 t"]);
const half = write("half.run", ["q1 Q0 b 1 2 t", "q1 Q0 a 2 1 t"]);
const measures = ["MRR", "P@1"];

describe("trecTable", () => {
  it("scores all judged queries, those without an answer as 0, and compares with the first file", () => {
    const lines: string[] = [];
    const table = trecTable(qrels, [good, half], {
      measures,
      listener: { line: (text) => lines.push(text) },
    });
    const means = table.rows.map((row) => row.cells.map((cell) => cell!.mean));
    expect(means[0]!.map((mean) => mean * 3)).toEqual([2, 2].map((x) => expect.closeTo(x, 12)));
    expect(means[1]!.map((mean) => mean * 3)).toEqual([0.5, 0].map((x) => expect.closeTo(x, 12)));
    expect(table.baseline).toBe("good");
    expect(table.rows[0]!.cells[0]!.queries).toBe(3);
    expect(lines).toEqual([`${good}: 1 queries without judgements are left out, such as q9`]);
  });

  it("counts only queries with a relevant document, or only answered ones, on request", () => {
    const relevant = trecTable(qrels, [good, half], { measures, queries: "relevant", baseline: half });
    expect(relevant.rows.map((row) => row.cells[0]!.mean)).toEqual([1, 0.25]);
    expect(relevant.baseline).toBe("half");
    expect(trecTable(qrels, [half], { measures, queries: "answered" }).rows[0]!.cells[0]!.mean).toBe(0.5);
    expect(() => trecTable(qrels, [good, half], { measures, queries: "answered" })).toThrow(
      "must answer the same queries as",
    );
  });

  it("puts the measures of partial judgements beside each, and takes files of qdrl judge", () => {
    const { metrics, rows } = trecTable(qrels, [half], { measures: ["P@1"], partial: true });
    expect(metrics).toEqual(["P@1", "P(judged)@1", "Judged@1", "bpref"]);
    expect(rows[0]!.cells.map((cell) => cell!.mean * 3)).toEqual([0, 0, 1, 0]);
    const file = path.join(folder, "judged.jsonl");
    const line = (document: string, grade: number, judge: string) => ({
      ...{ query: "q1", document, grade, judge, pass: 1 as const, when: null },
    });
    const header = { dataset: "films", fingerprint: null, set: "test" };
    writeJudgements(file, { header, judgements: [line("a", 0, "anna"), line("b", 2, "anna")] });
    expect(trecTable(file, [half], { measures: ["P@1"] }).rows[0]!.cells[0]!.mean).toBe(1);
    writeJudgements(file, { header, judgements: [line("b", 0, "anna"), line("b", 2, "ben")] });
    expect(() => trecTable(file, [half], { measures })).toThrow(
      /judges must agree on document "b" and query "q1"/,
    );
    const judges = { conflicts: "lowest" as const };
    expect(trecTable(file, [half], { measures: ["P@1"], judges }).rows[0]!.cells[0]!.mean).toBe(0);
  });

  it("refuses a file that answers none of the queries, and a baseline that is no run file", () => {
    const foreign = write("foreign.run", ["x1 Q0 a 1 2 t"]);
    const empty = write("empty.run", []);
    expect(() => trecTable(qrels, [good, foreign], { measures })).toThrow(
      `${foreign}: must answer a query of ${qrels}, such as q1, got x1`,
    );
    expect(() => trecTable(qrels, [empty], { measures })).toThrow(
      `${empty}: must answer a query of ${qrels}, such as q1, got no line`,
    );
    expect(() => trecTable(qrels, [folder], { measures })).toThrow(
      `${folder}: must be a TREC run file, got a folder; qdrl trec export writes the files of a run folder`,
    );
    expect(() => trecTable(qrels, [good, half], { measures, baseline: "other.run" })).toThrow(
      `baseline: must be one of the run files (${good}, ${half}), got other.run`,
    );
  });

  it("is written in the form that the file's ending names", () => {
    const table = trecTable(qrels, [good, half], { measures });
    const text = (ending: string): string => {
      const file = path.join(folder, `table${ending}`);
      writeTables(file, [table, table]);
      return fs.readFileSync(file, "utf8");
    };
    expect(text(".csv").trim().split("\r\n")).toHaveLength(1 + 2 * 4);
    expect(text(".md").match(/\| half/g)).toHaveLength(2);
    expect(text(".tex")).toContain("\\begin{tabular}");
    expect(text(".html")).toContain("<!doctype html>");
    expect(() => writeTables(path.join(folder, "table.doc"), [table])).toThrow(
      "must end with .md, .csv, .tex, .html, got",
    );
  });
});
