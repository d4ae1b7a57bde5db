import { describe, expect, it } from "vitest";
import { writeParquet } from "../../lib/datasets/parquet.js";
import { describeReport } from "../../lib/datasets/read-report.js";
import { readPartFiles, readTrainingRows } from "../../lib/datasets/training-rows.js";
import { jsonLines, put, testFolder } from "./test-folder.js";

const folder = testFolder();

describe("readTrainingRows", () => {
  it("joins the part-files of either part in order of their names", async () => {
    writeParquet(`${folder}/set/training_dataset/part-1.parquet`, { q: ["c", "d"], d: ["3", "4"] });
    writeParquet(`${folder}/set/training_dataset/part-0.parquet`, { d: ["1", "2"], q: ["a", "b"] });
    writeParquet(`${folder}/set/validation_dataset/part-0.parquet`, { q: ["v"], d: ["9"] });
    const { columns, report } = await readTrainingRows(`${folder}/set`, "training", ["q", "d", "q"]);
    expect(columns).toEqual({ q: ["a", "b", "c", "d"], d: ["1", "2", "3", "4"] });
    expect(report.rows).toBe(4);
    expect((await readTrainingRows(`${folder}/set`, "validation", ["q"])).columns).toEqual({ q: ["v"] });
    expect((await readTrainingRows(`${folder}/set`, "training", ["q"], { maxRows: 3 })).columns["q"]).toEqual(
      ["a", "b", "c"],
    );
  });

  it("stops at an unreadable file, or leaves it out and says so", async () => {
    writeParquet(`${folder}/bad/b.parquet`, { q: ["a"] });
    const broken = put(folder, "bad/a.parquet", "PAR1 but no more");
    await expect(readPartFiles(`${folder}/bad`, ["q"])).rejects.toThrow(
      `${broken}: file must be Parquet, whole`,
    );
    const { columns, report } = await readPartFiles(`${folder}/bad`, ["q"], { onError: "skip" });
    expect(columns).toEqual({ q: ["a"] });
    expect(report.skippedFiles.map((entry) => entry.file)).toEqual([broken]);
    expect(describeReport(report)).toEqual([`part-file left out: ${report.skippedFiles[0]!.reason}`]);
  });

  it("counts malformed rows over all files against one limit", async () => {
    put(folder, "many/a.jsonl", `${jsonLines([{ q: "a" }])}{\n{\n`);
    put(folder, "many/b.jsonl", `${jsonLines([{ q: "b" }])}{\n{\n`);
    expect((await readPartFiles(`${folder}/many`, ["q"], { maxMalformed: 4 })).report.malformed).toBe(4);
    await expect(readPartFiles(`${folder}/many`, ["q"], { maxMalformed: 3 })).rejects.toThrow(
      "b.jsonl: at most 3 malformed rows are allowed, got 4",
    );
  });

  it("needs at least one row", async () => {
    put(folder, "none/a.jsonl", "\n");
    await expect(readPartFiles(`${folder}/none`, ["q"])).rejects.toThrow(
      "part-files must hold at least one row, got 0",
    );
    put(folder, "allbad/a.parquet", "x");
    await expect(readPartFiles(`${folder}/allbad`, ["q"], { onError: "skip" })).rejects.toThrow(
      "at least one row, got 0; left out:",
    );
  });
});
