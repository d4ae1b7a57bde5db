import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readJsonLines, writeJsonLines } from "../../lib/datasets/json-lines.js";
import { describeReport } from "../../lib/datasets/read-report.js";
import { put, testFolder } from "./test-folder.js";

const folder = testFolder();

describe("JSON lines", () => {
  it("come back as they were written", () => {
    const records = [{ a: 'ż\n"x', b: [1, 2] }, { c: null }, {}];
    const file = `${folder}/round.json`;
    writeJsonLines(file, records);
    expect(readFileSync(file, "utf8").split("\n").length).toBe(4);
    expect(readJsonLines(file).records).toEqual(records);
  });

  it("counts malformed lines with their numbers and goes on", () => {
    const file = put(folder, "bad.json", '{"a":1}\n\n{"a":\n[1]\nnull\n{"a":2}\n"x"\n');
    const { records, report } = readJsonLines(file);
    expect(records).toEqual([{ a: 1 }, { a: 2 }]);
    expect(report).toMatchObject({ rows: 2, malformed: 4 });
    expect(report.malformedExamples.map((row) => [row.line, row.reason])).toEqual([
      [3, 'line must be a JSON object, got "{\\"a\\":"'],
      [4, "line must be a JSON object, got a list"],
      [5, "line must be a JSON object, got null"],
      [7, "line must be a JSON object, got a string"],
    ]);
    expect(describeReport(report)[0]).toContain(`4 malformed rows left out: ${file}:3: line must be`);
  });

  it("stops once more lines are malformed than allowed", () => {
    const file = put(folder, "worse.json", "{\n{\n{\n{}\n");
    expect(readJsonLines(file, { maxMalformed: 3 }).records.length).toBe(1);
    expect(() => readJsonLines(file, { maxMalformed: 2 })).toThrow(
      `${file}: at most 2 malformed rows are allowed, got 3; the first here is ${file}:1: line must be a JSON object, got "{"`,
    );
    expect(() => readJsonLines(file, { maxMalformed: 0 })).toThrow(
      `${file}:1: line must be a JSON object, got "{"`,
    );
  });

  it("reads no more rows than asked for", () => {
    const file = put(folder, "many.json", "{}\n{}\n{}\n");
    expect(readJsonLines(file, { maxRows: 2 }).records.length).toBe(2);
  });
});
