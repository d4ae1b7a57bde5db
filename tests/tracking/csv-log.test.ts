import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CsvLog } from "../../lib/tracking/csv-log.js";

let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-csv-"));
  file = path.join(folder, "logs/train.csv");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("CsvLog", () => {
  it("writes a heading and rows in the order of the columns, quoted where needed", () => {
    const log = new CsvLog(file, ["step", "loss, mean", "note"]);
    log.write({ note: 'said "hi", left', step: 1, "loss, mean": 0.5 });
    log.write({ step: 2, note: "two\r\nlines" });
    log.write({ step: 3, "loss, mean": Number.NaN, note: null });
    expect(readFileSync(file, "utf8")).toBe(
      'step,"loss, mean",note\n1,0.5,"said ""hi"", left"\n2,,two lines\n3,NaN,\n',
    );
    log.close();
    log.close();
    expect(() => log.write({ step: 4 })).toThrow("must be open");
  });

  it("goes on with a file of the same columns, without a row that a kill cut short", () => {
    const first = new CsvLog(file, ["step", "loss"]);
    first.write({ step: 1, loss: 2 });
    first.close();
    appendFileSync(file, "2,1.");
    const second = new CsvLog(file, ["step", "loss"]);
    second.write({ step: 2, loss: 1.25 });
    second.close();
    expect(readFileSync(file, "utf8")).toBe("step,loss\n1,2\n2,1.25\n");
  });

  it("refuses another heading, unknown columns and none", () => {
    new CsvLog(file, ["step", "loss"]).close();
    expect(() => new CsvLog(file, ["step", "recall"])).toThrow(
      `${file}: heading must be step,recall, got step,loss`,
    );
    const log = new CsvLog(file, ["step", "loss"]);
    expect(() => log.write({ los: 1 })).toThrow('unknown column "los"; known: step, loss');
    log.close();
    expect(() => new CsvLog(file, [])).toThrow("columns must be one or more");
    expect(() => new CsvLog(file, ["a", "a"])).toThrow("all different, got a, a");
  });
});
