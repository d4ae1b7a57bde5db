import { describe, expect, it } from "vitest";
import { writeParquet } from "../../lib/datasets/parquet.js";
import { listPartFiles, readPartFile } from "../../lib/datasets/part-files.js";
import { jsonLines, put, testFolder } from "./test-folder.js";

const folder = testFolder();

describe("part-files", () => {
  it("are listed by name, without hidden files, markers and folders", () => {
    for (const name of ["b.jsonl", "a.parquet", ".hidden.json", "_SUCCESS", "sub/c.json"])
      put(folder, `list/${name}`, "x");
    expect(listPartFiles(`${folder}/list`)).toEqual([`${folder}/list/a.parquet`, `${folder}/list/b.jsonl`]);
  });

  it("must be there, and of a kind that can be read", () => {
    expect(() => listPartFiles(`${folder}/none`)).toThrow(`${folder}/none: folder must exist, found none`);
    put(folder, "empty/_SUCCESS", "");
    expect(() => listPartFiles(`${folder}/empty`)).toThrow("must hold at least one part-file (.");
    put(folder, "odd/rows.xlsx", "");
    expect(() => listPartFiles(`${folder}/odd`)).toThrow("rows.xlsx: part-files must be .");
    expect(() => listPartFiles(put(folder, "file", ""))).toThrow(
      `${folder}/file: must be a folder, found a file`,
    );
  });

  it("read the same rows from JSON lines and Parquet", async () => {
    const parquet = `${folder}/same.parquet`;
    writeParquet(parquet, { q: ["red", ""], d: ["1", "2"], other: ["x", "y"] });
    const lines = put(
      folder,
      "same.jsonl",
      jsonLines([
        { q: "red", d: 1 },
        { q: null, d: "2" },
      ]),
    );
    const wanted = { q: ["red", ""], d: ["1", "2"] };
    expect((await readPartFile(parquet, ["q", "d"])).columns).toEqual(wanted);
    const read = await readPartFile(lines, ["q", "d"]);
    expect(read.columns).toEqual(wanted);
    expect(read.report).toMatchObject({ rows: 2, nullCells: { q: 1 }, convertedCells: { d: 1 } });
  });

  it("leave out JSON lines whose cells are lists or objects, keeping the columns aligned", async () => {
    const file = put(
      folder,
      "wrong.jsonl",
      jsonLines([
        { q: "a", d: [1] },
        { q: "b", d: "2" },
        { q: { x: 1 }, d: "3" },
      ]),
    );
    const { columns, report } = await readPartFile(file, ["q", "d"]);
    expect(columns).toEqual({ q: ["b"], d: ["2"] });
    expect(report.malformedExamples.map((row) => `${row.line}: ${row.reason}`)).toEqual([
      '1: column "d" must be text or a number, got a list',
      '3: column "q" must be text or a number, got an object',
    ]);
  });

  it("name a column that no JSON line has", async () => {
    const file = put(folder, "missing.jsonl", jsonLines([{ q: "a" }]));
    await expect(readPartFile(file, ["q", "d"])).rejects.toThrow(
      `${file}: column "d" must be present, got no line with it`,
    );
  });
});
