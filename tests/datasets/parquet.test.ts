import { existsSync, readFileSync } from "node:fs";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { readParquet, writeParquet } from "../../lib/datasets/parquet.js";
import { put, testFolder } from "./test-folder.js";

const folder = testFolder();
type ColumnData = Parameters<typeof parquetWriteBuffer>[0]["columnData"];
const written = (name: string, columnData: ColumnData) =>
  put(folder, name, new Uint8Array(parquetWriteBuffer({ columnData })));

describe("Parquet", () => {
  it("comes back as it was written, over several row groups, and equal columns give equal bytes", async () => {
    const a = Array.from({ length: 250_001 }, (_, i) => `text ${i % 977} ż`);
    const b = a.map((_, i) => String(i));
    const file = `${folder}/round.parquet`;
    writeParquet(file, { a, b });
    const first = readFileSync(file);
    const read = await readParquet(file);
    expect(read.columns).toEqual({ a, b });
    expect(read.report).toMatchObject({ rows: 250_001, malformed: 0, nullCells: {} });
    writeParquet(file, { a, b });
    expect(readFileSync(file).equals(first)).toBe(true);
  });

  it("reads only the wanted columns and rows", async () => {
    const file = `${folder}/few.parquet`;
    writeParquet(file, { a: ["1", "2", "3"], b: ["x", "y", "z"] });
    expect((await readParquet(file, ["b"], { maxRows: 2 })).columns).toEqual({ b: ["x", "y"] });
    expect((await readParquet(file, ["b"], { maxRows: 9 })).columns).toEqual({ b: ["x", "y", "z"] });
  });

  it("reads empty cells as empty text and numbers as their digits, and counts both", async () => {
    const file = written("cells.parquet", [
      { name: "t", data: ["a", null, undefined, "nan"] as string[], type: "STRING" },
      { name: "id", data: [48211n, 3n, 0n, -1n], type: "INT64" },
      { name: "x", data: [48211, Number.NaN, 0.5, 2], type: "DOUBLE" },
    ]);
    const { columns, report } = await readParquet(file);
    expect(columns).toEqual({
      t: ["a", "", "", "nan"],
      id: ["48211", "3", "0", "-1"],
      x: ["48211", "", "0.5", "2"],
    });
    expect(report.nullCells).toEqual({ t: 2, x: 1 });
    expect(report.convertedCells).toEqual({ id: 4, x: 3 });
  });

  it("leaves out rows whose text is not UTF-8 and counts them", async () => {
    const file = written("bytes.parquet", [
      {
        name: "t",
        data: [Buffer.from("ok"), Buffer.from([0x61, 0xff]), Buffer.from("ż")],
        type: "BYTE_ARRAY",
      },
      { name: "u", data: ["1", "2", "3"], type: "STRING" },
    ]);
    const { columns, report } = await readParquet(file);
    expect(columns).toEqual({ t: ["ok", "ż"], u: ["1", "3"] });
    expect(report.malformedExamples).toEqual([
      { file, line: 2, reason: 'column "t" must be UTF-8, got other bytes' },
    ]);
    await expect(readParquet(file, null, { maxMalformed: 0 })).rejects.toThrow(
      `${file}:2: column "t" must be UTF-8`,
    );
  });

  it("names what is wrong with a file", async () => {
    const file = `${folder}/whole.parquet`;
    writeParquet(file, {
      a: Array.from({ length: 5000 }, (_, i) => `value ${i}`),
      b: new Array<string>(5000).fill("x"),
    });
    await expect(readParquet(file, ["c"])).rejects.toThrow(
      `${file}: column "c" must be present, got columns a, b`,
    );
    await expect(readParquet(`${folder}/none.parquet`)).rejects.toThrow(
      "none.parquet: file must exist, found none",
    );
    await expect(readParquet(put(folder, "empty.parquet", ""))).rejects.toThrow(
      "file must not be empty, got 0 bytes",
    );
    await expect(readParquet(put(folder, "text.parquet", "not a parquet file"))).rejects.toThrow(
      "text.parquet: file must be Parquet, whole and undamaged, got: ",
    );
    const bytes = readFileSync(file);
    await expect(
      readParquet(put(folder, "cut.parquet", bytes.subarray(0, bytes.length / 2))),
    ).rejects.toThrow("cut.parquet: file must be Parquet, whole and undamaged, got: ");
    const holed = Buffer.from(bytes);
    holed.fill(0xff, 100, 5000);
    await expect(readParquet(put(folder, "holed.parquet", holed))).rejects.toThrow("whole and undamaged");
  });

  it("writes nothing when the columns do not match", () => {
    const file = `${folder}/unequal.parquet`;
    expect(() => writeParquet(file, { a: ["1"], b: [] })).toThrow(
      'columns must have equal lengths, got 1 for "a" and 0 for "b"',
    );
    expect(existsSync(file)).toBe(false);
  });
});
